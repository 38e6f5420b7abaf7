package import BelayCore

/// A database of the project, and how its state is taken and brought back.
package struct DatabaseSettings: Equatable, Sendable {
    package enum Engine: Equatable, Sendable {
        /// A file, from the project's directory or absolute.
        case sqlite(path: String)
        /// A connection string or URI, which may hold a password.
        case postgres(connection: Secret)
        /// An address of MariaDB's or MySQL's, which may hold a password.
        case mariadb(connection: Secret)
        /// An address of Redis', which may hold a password.
        case redis(connection: Secret)
        /// A directory of JSON documents, and those that must be there.
        case json(path: String, required: [String])
        /// Any other engine: a command that prints the state, and one that reads it back.
        case command(dump: String, restore: String?)
    }

    package var name: String
    package var engine: Engine
    /// How long a state that a rollback replaced is kept.
    package var keepReplaced: TimeSpan

    package init(name: String, engine: Engine, keepReplaced: TimeSpan = .day) {
        self.name = name
        self.engine = engine
        self.keepReplaced = keepReplaced
    }
}

/// A command whose output belongs to a snapshot.
package struct CaptureSettings: Hashable, Sendable {
    package var name: String
    package var run: String
    /// Brings the captured state back; `{file}` stands for the stored output.
    package var restore: String?

    package init(name: String, run: String, restore: String? = nil) {
        self.name = name
        self.run = run
        self.restore = restore
    }
}

/// Something that runs beside the project and rests during a rollback.
package struct ServiceSettings: Equatable, Sendable {
    package var name: String
    package var stop: String
    package var start: String
    /// An address that answers once the service is up; it may hold a password.
    package var ready: Secret?

    package init(name: String, stop: String, start: String, ready: Secret? = nil) {
        self.name = name
        self.stop = stop
        self.start = start
        self.ready = ready
    }
}

/// A command that tells whether the project works.
package struct CheckSettings: Hashable, Sendable {
    package var name: String
    package var run: String
    package var timeout: TimeSpan?

    package init(name: String, run: String, timeout: TimeSpan? = nil) {
        self.name = name
        self.run = run
        self.timeout = timeout
    }
}

/// Which snapshots `belay cleanup` keeps; what is `nil` plays no part.
package struct RetentionSettings: Hashable, Sendable {
    package var keepLast: Int?
    package var keepHourly: Int?
    package var keepDaily: Int?
    package var keepWeekly: Int?
    package var keepMonthly: Int?
    package var keepYearly: Int?
    package var keepWithin: CalendarSpan?
    package var keepWithinHourly: CalendarSpan?
    package var keepWithinDaily: CalendarSpan?
    package var keepWithinWeekly: CalendarSpan?
    package var keepWithinMonthly: CalendarSpan?
    package var keepWithinYearly: CalendarSpan?
    package var keepTags: [String] = []
    package var maximumPerDay: Int?

    package init() {}

    /// Whether no rule is given, so that cleaning up by these settings would keep nothing.
    package var isEmpty: Bool { self == RetentionSettings() }
}

/// When the service does what, as text.
package struct ScheduleSettings: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        /// `backup`, `cleanup`, `verify`, `drill` or `replicate`.
        package var task: String
        /// Such as `every 15m` or `daily at 03:00`.
        package var rule: String

        package init(task: String, rule: String) {
            self.task = task
            self.rule = rule
        }
    }

    package var entries: [Entry] = []

    package init() {}
}

/// Whom to tell what.
package struct NotificationSettings: Equatable, Sendable {
    package enum Channel: Equatable, Sendable {
        /// An address, which may itself be the secret.
        case webhook(Secret)
        /// A mail server, perhaps with a password, and a recipient.
        case smtp(Secret, to: String)
        case command(String)
    }

    package var channel: Channel
    /// Such as `failure`, `drill` or `all`.
    package var events: [String]

    package init(channel: Channel, events: [String]) {
        self.channel = channel
        self.events = events
    }
}
