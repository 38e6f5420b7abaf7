package import BelayCore

/// Kind and permissions of an entry as text.
package enum ModeText {
    private static let permissions = Array("rwxrwxrwx")

    /// Ten characters, as `ls -l` shows them: `drwxr-xr-x`, `-rwsr-xr-x`.
    package static func list(_ node: Node) -> String {
        let mode = node.mode.rawValue
        var text = letters(mode)
        func mark(_ bit: UInt32, _ position: Int, _ letter: Character, _ bare: Character) {
            guard mode & bit != 0 else { return }
            text[position] = text[position] == "x" ? letter : bare
        }
        mark(FileMode.setUserID, 2, "s", "S")
        mark(FileMode.setGroupID, 5, "s", "S")
        mark(FileMode.sticky, 8, "t", "T")
        let kind: Character =
            switch node.kind {
            case .file: "-"
            case .directory: "d"
            case .symlink: "l"
            case .blockDevice: "b"
            case .characterDevice: "c"
            case .fifo: "p"
            case .socket: "s"
            }
        return String([kind] + text)
    }

    /// The text that restic's documents have, a letter for each bit and a dash if there is none.
    package static func restic(_ mode: FileMode) -> String {
        let bits: [(UInt32, Character)] = [
            (FileMode.directory, "d"), (FileMode.symlink, "L"), (FileMode.device, "D"), (FileMode.fifo, "p"),
            (FileMode.socket, "S"), (FileMode.setUserID, "u"), (FileMode.setGroupID, "g"),
            (FileMode.characterDevice, "c"), (FileMode.sticky, "t"),
        ]
        let kind = bits.filter { mode.rawValue & $0.0 != 0 }.map(\.1)
        return String((kind.isEmpty ? ["-"] : kind) + letters(mode.rawValue))
    }

    private static func letters(_ mode: UInt32) -> [Character] {
        permissions.indices.map { mode >> UInt32(8 - $0) & 1 == 1 ? permissions[$0] : "-" }
    }
}
