import BelayCore

/// Which belay this is.
package struct VersionDocument: ReportDocument {
    package let messageType = "version"
    package let version = Version.current

    private enum CodingKeys: String, CodingKey {
        case messageType = "message_type"
        case version
    }

    package init() {}

    package func text(_ style: TextStyle) -> String { version }
}
