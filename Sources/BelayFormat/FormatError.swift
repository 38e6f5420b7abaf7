package import BelayCore

/// Why bytes could not be read as what they should be, or values not written.
///
/// It carries enough to name the fault; which file or blob it was in is known to the caller, who adds it.
package enum FormatError: Error, Hashable, Sendable {
    /// The bytes break the rules of `what`.
    case malformed(what: String, detail: String)
    /// The tag of an envelope does not belong to its ciphertext: damaged, or sealed with another key.
    case authenticationFailed
    /// The password does not open this key file.
    case wrongPassword
    /// Something is larger than `limit`, which is in the unit that `what` names.
    case tooLarge(what: String, limit: Int)
    /// The bytes are well-formed, but of a kind that belay does not handle.
    case unsupported(what: String, detail: String)
    /// A library refused a call that cannot fail on account of its input, as when memory runs out.
    case engine(String)
}

extension FormatError {
    /// A blob that is longer than what is read.
    package static func tooLongBlob(_ type: BlobType) -> FormatError {
        .tooLarge(what: "the length of a blob in bytes", limit: type.lengthMaximum)
    }
}

extension FormatError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformed(let what, let detail): "malformed \(what): \(detail)"
        case .authenticationFailed: "authentication failed: damaged, or sealed with another key"
        case .wrongPassword: "wrong password"
        case .tooLarge(let what, let limit): "\(what) exceeds the limit of \(limit)"
        case .unsupported(let what, let detail): "unsupported \(what): \(detail)"
        case .engine(let detail): "library failure: \(detail)"
        }
    }
}
