import BelayCore

extension ConfigurationSchema {
    mutating func readDatabases(_ field: Field?) {
        for (name, field) in reader.named(field, of: "databases") {
            let engines = ["sqlite", "postgres", "mariadb", "mysql", "redis", "json", "dump"]
            guard
                let fields = reader.fields(field, known: engines + ["restore", "required", "keep_replaced"])
            else {
                continue
            }
            let given = engines.filter { fields[$0] != nil }
            guard given.count == 1, let engine = given.first else {
                reader.report(field, "expected one of \(ConfigurationReader.list(engines, "or"))")
                continue
            }
            for (key, owner) in [("restore", "dump"), ("required", "json")] where engine != owner {
                if let misplaced = fields[key] {
                    reader.report(misplaced, "`\(key)` only goes with `\(owner)`")
                }
            }
            if let settings = self.engine(engine, fields) {
                var database = DatabaseSettings(name: name, engine: settings)
                if let span = reader.duration(fields["keep_replaced"]) { database.keepReplaced = span }
                configuration.databases.append(database)
            }
        }
    }

    private mutating func engine(
        _ name: String,
        _ fields: ConfigurationReader.Fields
    ) -> DatabaseSettings.Engine? {
        switch name {
        case "sqlite":
            return reader.text(fields["sqlite"]).map { .sqlite(path: $0) }
        case "postgres":
            return reader.secret(fields["postgres"]).map { .postgres(connection: $0) }
        case "mariadb", "mysql":
            return reader.secret(fields[name]).map { .mariadb(connection: $0) }
        case "redis":
            return reader.secret(fields["redis"]).map { .redis(connection: $0) }
        case "json":
            let required = reader.texts(fields["required"], of: "file names")
            return reader.text(fields["json"]).map { .json(path: $0, required: required) }
        default:
            let restore = reader.command(fields["restore"])
            return reader.command(fields["dump"]).map { .command(dump: $0, restore: restore) }
        }
    }

    mutating func readCaptures(_ field: Field?) {
        for (name, field) in reader.named(field, of: "captures") {
            guard let fields = reader.fields(field, known: ["run", "restore"]) else { continue }
            let restore = reader.command(fields["restore"])
            if let run = command("run", of: fields, in: field) {
                configuration.captures.append(CaptureSettings(name: name, run: run, restore: restore))
            }
        }
    }

    mutating func readServices(_ field: Field?) {
        for (name, field) in reader.named(field, of: "services") {
            guard let fields = reader.fields(field, known: ["stop", "start", "ready"]) else { continue }
            let ready = reader.secret(fields["ready"])
            let stop = command("stop", of: fields, in: field)
            let start = command("start", of: fields, in: field)
            if let stop, let start {
                configuration.services.append(
                    ServiceSettings(name: name, stop: stop, start: start, ready: ready)
                )
            }
        }
    }

    mutating func readChecks(_ field: Field?) {
        for (name, field) in reader.named(field, of: "checks") {
            guard let fields = reader.fields(field, known: ["run", "timeout"]) else { continue }
            let timeout = reader.duration(fields["timeout"])
            if let run = command("run", of: fields, in: field) {
                configuration.checks.append(CheckSettings(name: name, run: run, timeout: timeout))
            }
        }
    }

    /// A command that must be there.
    private mutating func command(
        _ key: String,
        of fields: ConfigurationReader.Fields,
        in field: Field
    ) -> String? {
        guard let value = fields[key] else {
            reader.report(field, "expected `\(key)`, a command")
            return nil
        }
        return reader.command(value)
    }

    mutating func readRetention(_ field: Field?) {
        guard let field else { return }
        let counts: [(String, WritableKeyPath<RetentionSettings, Int?>)] = [
            ("keep_last", \.keepLast), ("keep_hourly", \.keepHourly), ("keep_daily", \.keepDaily),
            ("keep_weekly", \.keepWeekly), ("keep_monthly", \.keepMonthly), ("keep_yearly", \.keepYearly),
            ("max_per_day", \.maximumPerDay),
        ]
        let spans: [(String, WritableKeyPath<RetentionSettings, CalendarSpan?>)] = [
            ("keep_within", \.keepWithin), ("keep_within_hourly", \.keepWithinHourly),
            ("keep_within_daily", \.keepWithinDaily), ("keep_within_weekly", \.keepWithinWeekly),
            ("keep_within_monthly", \.keepWithinMonthly), ("keep_within_yearly", \.keepWithinYearly),
        ]
        let known = counts.map(\.0) + spans.map(\.0) + ["keep_tags"]
        guard let fields = reader.fields(field, known: known) else { return }
        var retention = RetentionSettings()
        for (key, target) in counts {
            retention[keyPath: target] = reader.number(fields[key], in: 1...1_000_000)
        }
        for (key, target) in spans {
            retention[keyPath: target] = reader.calendarSpan(fields[key])
        }
        retention.keepTags = reader.texts(fields["keep_tags"], of: "tags")
        configuration.retention = retention
    }

    mutating func readSchedule(_ field: Field?) {
        guard let field else { return }
        let tasks = ["backup", "cleanup", "verify", "drill", "replicate"]
        guard let fields = reader.fields(field, known: tasks) else { return }
        for task in tasks {
            if let rule = reader.text(fields[task]) {
                configuration.schedule.entries.append(ScheduleSettings.Entry(task: task, rule: rule))
            }
        }
    }

    mutating func readNotifications(_ field: Field?) {
        for item in reader.items(field, of: "notifications") {
            let channels = ["webhook", "smtp", "command"]
            guard let fields = reader.fields(item, known: channels + ["to", "on"]) else { continue }
            let given = channels.filter { fields[$0] != nil }
            guard given.count == 1 else {
                reader.report(item, "expected one of \(ConfigurationReader.list(channels, "or"))")
                continue
            }
            if fields["smtp"] == nil, let misplaced = fields["to"] {
                reader.report(misplaced, "`to` only goes with `smtp`")
            }
            let channel = self.channel(fields, in: item)
            let events = reader.texts(fields["on"], of: "events")
            if fields["on"] == nil {
                reader.report(item, "expected `on`, a list of events such as `[failure]`")
            } else if let channel {
                configuration.notifications.append(NotificationSettings(channel: channel, events: events))
            }
        }
    }

    private mutating func channel(
        _ fields: ConfigurationReader.Fields,
        in item: Field
    ) -> NotificationSettings.Channel? {
        if let webhook = fields["webhook"] {
            return reader.secret(webhook).map { .webhook($0) }
        }
        if let smtp = fields["smtp"] {
            let server = reader.secret(smtp)
            guard let to = fields["to"] else {
                reader.report(item, "expected `to`, the address that mail goes to")
                return nil
            }
            guard let recipient = reader.text(to), let server else { return nil }
            return .smtp(server, to: recipient)
        }
        return reader.command(fields["command"]).map { .command($0) }
    }
}
