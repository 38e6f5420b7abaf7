package import BelayCore
package import BelaySystem

/// What can go wrong with a store.
package enum StoreError: Error, Hashable, Sendable {
    /// There is no such file.
    case missing(Handle)
    /// The file ends before the range that was asked for.
    case short(Handle)
    /// The file is larger than one of its kind can be, and was not read.
    case tooLarge(Handle)
    /// There is no space left.
    case full(SystemError)
    /// The store may not be read or written by this user.
    case denied(SystemError)
    /// Any other failure of the system.
    case failed(SystemError)
    /// The work was cancelled before this was begun.
    case cancelled
}

extension StoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .missing(let handle): "\(handle) is missing"
        case .short(let handle): "\(handle) is shorter than it should be"
        case .tooLarge(let handle): "\(handle) is larger than it can be"
        case .full(let error), .denied(let error), .failed(let error): error.description
        case .cancelled: "interrupted"
        }
    }
}

extension StoreError {
    /// The error for a failed system call; with a handle, for one that read its file.
    package init(_ error: SystemError, _ handle: Handle? = nil) {
        if error.isMissing, let handle {
            self = .missing(handle)
        } else if error.isTooLarge, let handle {
            self = .tooLarge(handle)
        } else if error.isFull || error.isTooLarge {
            self = .full(error)
        } else if error.isDenied {
            self = .denied(error)
        } else {
            self = .failed(error)
        }
    }
}
