/// What has become of one entry of a project since its last snapshot.
package struct CaptureChange: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        case new
        case modified
        /// It is gone, or left out now; what was below a directory is not named.
        case removed
    }

    package var kind: Kind
    /// Path below the project's root; with a slash behind it for a directory.
    package var path: [UInt8]
}
