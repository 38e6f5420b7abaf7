import BelayWorkflows

/// What should be known of the snapshots that a command took, as a part of its document.
package struct SnapshotNoticeDocument: Encodable, Sendable {
    package let code: String
    package let message: String
    package let hint: String

    private init(_ notice: SnapshotNotice) {
        code = notice.code
        message = notice.message
        hint = notice.hint
    }

    /// Documents of all; `nil` for none, so that the key is not there.
    static func all(_ notices: [SnapshotNotice]) -> [SnapshotNoticeDocument]? {
        notices.isEmpty ? nil : notices.map { SnapshotNoticeDocument($0) }
    }
}
