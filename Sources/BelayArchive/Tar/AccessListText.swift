/// A POSIX access list as text, from the form in which Linux keeps it in an extended attribute.
///
/// The form: `linux/posix_acl_xattr.h`, version 2, little-endian. The text: acl(5), with numbers for names.
enum AccessListText {
    /// Bytes of the version, and of an entry: tag, permissions, id.
    private static let (versionLength, entryLength) = (4, 8)
    private static let version: UInt32 = 2

    /// The keys under which tar has the lists of these attributes.
    static let tarKeys = [
        "system.posix_acl_access": "SCHILY.acl.access", "system.posix_acl_default": "SCHILY.acl.default",
    ]

    /// An entry a line; `nil` if the value is no such list.
    static func text(of value: [UInt8]) -> String? {
        guard value.count >= versionLength, (value.count - versionLength) % entryLength == 0,
            number(value[..<versionLength]) == version
        else { return nil }
        var lines: [String] = []
        for start in stride(from: versionLength, to: value.count, by: entryLength) {
            let tag = number(value[start..<(start + 2)])
            let permissions = number(value[(start + 2)..<(start + 4)])
            let id = number(value[(start + 4)..<(start + 8)])
            let owner: String
            switch tag {
            case 0x01: owner = "user:"
            case 0x02: owner = "user:\(id)"
            case 0x04: owner = "group:"
            case 0x08: owner = "group:\(id)"
            case 0x10: owner = "mask:"
            case 0x20: owner = "other:"
            default: return nil
            }
            let letters = zip([4, 2, 1] as [UInt32], "rwx").map { permissions & $0 == 0 ? "-" : $1 }
            lines.append("\(owner):\(String(letters))\n")
        }
        return lines.joined()
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}
