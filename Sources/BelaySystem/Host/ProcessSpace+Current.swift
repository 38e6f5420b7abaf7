package import BelayCore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension ProcessSpace {
    /// That of this process; `nil` where the system does not tell, which is everywhere but on Linux.
    package static func current() -> ProcessSpace? {
        guard let boot = line(of: "/proc/sys/kernel/random/boot_id") else { return nil }
        var buffer = [CChar](repeating: 0, count: 64)
        let count = readlink("/proc/self/ns/pid", &buffer, buffer.count)
        guard count > 0, count < buffer.count else { return nil }
        let namespace = buffer[..<count].map { UInt8(bitPattern: $0) }.filter { (0x30...0x39).contains($0) }
        // The identity of a machine is not for others' eyes (machine-id(5)); a digest of it tells as much.
        let machine = line(of: "/etc/machine-id").map { text in
            Array(text.utf8).withUnsafeBytes { String(Checksum.of($0), radix: 16) }
        }
        return ProcessSpace(
            machine: machine ?? "",
            boot: boot,
            namespace: String(decoding: namespace, as: UTF8.self)
        )
    }

    /// The only line of a short file of the system's; `nil` if there is none.
    private static func line(of path: String) -> String? {
        // What cannot be read does not tell, and that is all the same why.
        guard let bytes = try? readFile(path: path, limit: 1024) else { return nil }
        let line = bytes.prefix { $0 != 0x0A }
        return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
    }
}
