package import BelayCore
import CBelay

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Extended attributes and, as two of them, POSIX access lists.
///
/// "Not supported" by the file system means that there are none.
package enum ExtendedAttributes {
    /// The kernel's own limits: 64 KiB of names, 64 KiB a value.
    private static let sizeMaximum = 65_536

    /// The attributes of an open file, in the kernel's order; mostly one system call that says there are none.
    ///
    /// Those whose names are no UTF-8 have no faithful form in a repository; they are counted in `unnamed`.
    package static func read(
        descriptor: Int32,
        subject: String,
        unnamed: inout Int
    ) throws(SystemError) -> [Node.ExtendedAttribute] {
        try read(
            subject: subject,
            unnamed: &unnamed,
            list: { flistxattr(descriptor, $0, $1) },
            get: { fgetxattr(descriptor, $0, $1, $2) }
        )
    }

    /// The attributes of an entry of any kind, a symlink's own included.
    package static func read(
        of name: FileName,
        in folder: Folder,
        unnamed: inout Int
    ) throws(SystemError) -> [Node.ExtendedAttribute] {
        let path = folder.kernelPath(name)
        return try read(
            subject: folder.subject(name),
            unnamed: &unnamed,
            list: { llistxattr(path, $0, $1) },
            get: { lgetxattr(path, $0, $1, $2) }
        )
    }

    /// Sets exactly `attributes` on an open file: those it has besides are removed.
    package static func write(
        _ attributes: [Node.ExtendedAttribute],
        descriptor: Int32,
        subject: String
    ) throws(SystemError) {
        try write(
            attributes,
            subject: subject,
            present: try names(subject: subject) { flistxattr(descriptor, $0, $1) },
            set: { fsetxattr(descriptor, $0, $1, $2, 0) },
            remove: { fremovexattr(descriptor, $0) }
        )
    }

    /// Sets exactly `attributes` on an entry of any kind.
    package static func write(
        _ attributes: [Node.ExtendedAttribute],
        of name: FileName,
        in folder: Folder
    ) throws(SystemError) {
        let path = folder.kernelPath(name)
        let subject = folder.subject(name)
        try write(
            attributes,
            subject: subject,
            present: try names(subject: subject) { llistxattr(path, $0, $1) },
            set: { lsetxattr(path, $0, $1, $2, 0) },
            remove: { lremovexattr(path, $0) }
        )
    }

    private static func names(
        subject: String,
        _ list: (UnsafeMutablePointer<CChar>?, Int) -> Int
    ) throws(SystemError) -> [[CChar]] {
        // Most files have none: ask for the size alone first.
        let size = list(nil, 0)
        if size == 0 { return [] }
        if size < 0 {
            let error = SystemError.current("listxattr", subject)
            if error.isUnsupported { return [] }
            throw error
        }
        var buffer = [CChar](repeating: 0, count: sizeMaximum)
        let used = buffer.withUnsafeMutableBufferPointer { list($0.baseAddress, $0.count) }
        guard used >= 0 else { throw .current("listxattr", subject) }
        return buffer[..<used].split(separator: 0).map { Array($0) + [0] }
    }

    private static func read(
        subject: String,
        unnamed: inout Int,
        list: (UnsafeMutablePointer<CChar>?, Int) -> Int,
        get: (UnsafePointer<CChar>, UnsafeMutableRawPointer?, Int) -> Int
    ) throws(SystemError) -> [Node.ExtendedAttribute] {
        let names = try names(subject: subject, list)
        if names.isEmpty { return [] }
        var attributes: [Node.ExtendedAttribute] = []
        var buffer = [UInt8](repeating: 0, count: sizeMaximum)
        for name in names {
            let count = buffer.withUnsafeMutableBytes { get(name, $0.baseAddress, $0.count) }
            if count < 0 {
                // Gone since it was listed.
                if errno == ENODATA { continue }
                throw .current("getxattr", subject)
            }
            // With another name in its place restic could not rewrite the tree.
            let characters = name.dropLast().map { UInt8(bitPattern: $0) }
            guard let text = String(validating: characters, as: UTF8.self) else {
                unnamed += 1
                continue
            }
            attributes.append(Node.ExtendedAttribute(name: text, value: Array(buffer[..<count])))
        }
        return attributes
    }

    private static func write(
        _ attributes: [Node.ExtendedAttribute],
        subject: String,
        present: [[CChar]],
        set: (UnsafePointer<CChar>, UnsafeRawPointer?, Int) -> Int32,
        remove: (UnsafePointer<CChar>) -> Int32
    ) throws(SystemError) {
        if attributes.isEmpty && present.isEmpty { return }
        var failure: SystemError?
        for attribute in attributes {
            let status = attribute.name.withCString { name in
                attribute.value.withUnsafeBytes { set(name, $0.baseAddress, $0.count) }
            }
            if status != 0 && failure == nil { failure = .current("setxattr \(attribute.name)", subject) }
        }
        let wanted = Set(attributes.map(\.name))
        for name in present {
            let text = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            // Labels that the system's security module sets by itself cannot be removed and are not ours.
            if wanted.contains(text) || text == "security.selinux" { continue }
            if remove(name) != 0 && errno != ENODATA && failure == nil {
                failure = .current("removexattr \(text)", subject)
            }
        }
        if let failure { throw failure }
    }
}
