import BelayRules

/// Names, trees and patterns that look for trouble.
struct IgnoreRandomTrees {
    private typealias Testing = IgnoreTesting

    var randomness: IgnoreTesting.Randomness
    /// Whether names and patterns have letters of both cases.
    var hasCases = false

    init(seed: UInt64) {
        randomness = IgnoreTesting.Randomness(seed: seed)
    }

    private static let plain: [[UInt8]] = ["a", "b", "c", "ab", "x.o", "."].map { Array($0.utf8) }
    private static let nasty: [[UInt8]] =
        [
            "!", "#", "\\", "[", "]", "*", "?", " ", "-", "^", ":", "\r", "\n", "é", "~", "0", "_", "\t",
            "\u{7F}", "\u{B}",
        ]
        .map { Array($0.utf8) } + [[0x80], [0xFF], [0xC3], [0xEF, 0xBB, 0xBF]]
    private static let cased: [[UInt8]] = ["A", "B", "aB", "C", "Z", "z", "É"].map { Array($0.utf8) }

    /// A name that a file can have, but never `.git` in any case.
    mutating func name() -> [UInt8] {
        var name: [UInt8] = []
        for _ in 0...randomness.below(3) {
            var choices = Self.plain
            if randomness.chance(20) { choices = Self.nasty }
            if hasCases, randomness.chance(40) { choices = Self.cased }
            name += randomness.pick(choices)
        }
        if name == [0x2E] || name == [0x2E, 0x2E] || name == Array(".gitignore".utf8) { return [0x61] }
        return name
    }

    /// Up to `depth` names.
    mutating func path(depth: Int) -> [UInt8] {
        var path = name()
        for _ in 0..<randomness.below(depth) { path += [0x2F] + name() }
        return path
    }

    /// A bracket expression, often with something wrong.
    private mutating func bracket(for byte: UInt8) -> [UInt8] {
        let special: [UInt8] = Array("abAZ!^-]\\[:".utf8)
        switch randomness.below(9) {
        case 0: return [0x5B, byte, 0x5D]
        case 1: return Array("[!".utf8) + [byte, 0x5D]
        case 2: return Array("[^z".utf8) + [byte, 0x5D]
        case 3: return Array("[a-".utf8) + [byte, 0x5D]
        case 4: return [0x5B, byte] + Array("-z]".utf8)
        case 5:
            let classes = [
                "alpha", "digit", "upper", "lower", "alnum", "punct", "space", "blank", "print", "graph",
                "cntrl",
                "xdigit", "word", "", "ALPHA",
            ]
            let start = randomness.chance(30) ? "[!" : "["
            let end = randomness.chance(30) ? "-x]" : "]"
            let text = "\(start)[:\(randomness.pick(classes)):]\(end)"
            return Array(text.utf8)
        case 6: return Array("[[:alpha".utf8) + [byte]
        case 7: return Array("[]-".utf8) + [byte, 0x5D]
        default:
            var text: [UInt8] = [0x5B]
            for _ in 0..<(1 + randomness.below(5)) {
                text.append(randomness.chance(70) ? randomness.pick(special) : byte)
            }
            return randomness.chance(80) ? text + [0x5D] : text
        }
    }

    /// A pattern that has something to do with `path`, or with nothing.
    mutating func pattern(near path: [UInt8]) -> [UInt8] {
        var source = path
        if randomness.chance(15) { source = self.path(depth: 3) }
        var components = source.split(separator: 0x2F).map(Array.init)
        if randomness.chance(45), let last = components.last { components = [last] }
        var text: [UInt8] = []
        for (index, component) in components.enumerated() {
            if index > 0 { text += randomness.chance(5) ? Array("\\/".utf8) : [0x2F] }
            if randomness.chance(12) {
                text += Array(
                    randomness.pick(["**", "*", "**/", "***", "**/**", "**\\", "?", "**a", "a**"]).utf8
                )
                if randomness.chance(70) { continue }
            }
            for byte in component {
                switch randomness.below(24) {
                case 0: text.append(0x3F)
                case 1: text.append(0x2A)
                case 2: text += [0x2A, 0x2A]
                case 3: text += bracket(for: byte)
                case 4: text += [0x5C, byte]
                case 5: text += [byte, 0x2A]
                case 6: text += randomness.pick(Self.nasty)
                case 7 where hasCases: text.append(byte ^ 0x20)
                case 8: break
                case 9: text += [0x2A, byte]
                default: text.append(byte)
                }
            }
        }
        if randomness.chance(10) { text = Array("**/".utf8) + text }
        if randomness.chance(8) { text += Array("/**".utf8) }
        if randomness.chance(4) { text += Array("**".utf8) }
        if randomness.chance(20) { text = [0x2F] + text }
        if randomness.chance(20) { text += [0x2F] }
        if randomness.chance(25) { text = [0x21] + text }
        if randomness.chance(5) { text = [0x5C] + text }
        if randomness.chance(8) {
            text += Array(randomness.pick([" ", "  ", "\\ ", "\\  ", " \r", "\r", "\\", "\t", "//"]).utf8)
        }
        return text
    }

    /// The text of an ignore file about `paths`.
    mutating func ignoreFile(about paths: [[UInt8]], lines: Int) -> [UInt8] {
        var text: [UInt8] = randomness.chance(4) ? [0xEF, 0xBB, 0xBF] : []
        for _ in 0..<lines {
            switch randomness.below(30) {
            case 0: text += Array("# comment".utf8)
            case 1: break
            case 2:
                text += Array(
                    randomness.pick([
                        "*", "!", "/", "!*/", "*/", "**", "!*", "/*", "\\", "!/", " ", "//", "/**", "**/",
                    ]).utf8
                )
            case 3: text += pattern(near: randomness.pick(paths)) + [0] + Array("tail".utf8)
            default: text += pattern(near: randomness.pick(paths))
            }
            text += randomness.chance(6) ? [0x0D, 0x0A] : [0x0A]
        }
        if randomness.chance(15), text.last == 0x0A { text.removeLast() }
        return text
    }
}
