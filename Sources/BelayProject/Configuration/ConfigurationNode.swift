/// A piece of a configuration file with its place, before its meaning is known.
///
/// Every scalar is text. YAML would make a boolean of `no`, a number of `0x10` and a date of `2026-01-22`;
/// what a text means is the schema's to say.
struct ConfigurationNode {
    struct Entry {
        var key: String
        var position: SourcePosition
        var value: ConfigurationNode
    }

    enum Content {
        case text(String)
        case list([ConfigurationNode])
        case mapping([Entry])
        /// Nothing at all, or an unquoted `~` or `null`.
        case nothing
    }

    var content: Content
    var position: SourcePosition

    /// What it is, for messages.
    var kind: String {
        switch content {
        case .text: "text"
        case .list: "a list"
        case .mapping: "a mapping"
        case .nothing: "nothing"
        }
    }
}
