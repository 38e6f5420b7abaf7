import BelayCore

/// What few entries have: a link target, extended attributes.
///
/// Kept behind the records of a cache block.
struct EntryExtras {
    var linkTarget: [UInt8] = []
    var attributes: [Node.ExtendedAttribute] = []

    init(_ node: Node) {
        linkTarget = node.linkTarget
        attributes = node.extendedAttributes
    }

    /// Whether there is anything to keep.
    var isEmpty: Bool { linkTarget.isEmpty && attributes.isEmpty }

    /// Lengths and bytes, one after another.
    var encoded: [UInt8] {
        var bytes: [UInt8] = []
        Self.append(linkTarget, to: &bytes)
        Self.append(UInt32(attributes.count), to: &bytes)
        for attribute in attributes {
            Self.append(Array(attribute.name.utf8), to: &bytes)
            Self.append(attribute.value, to: &bytes)
        }
        return bytes
    }

    /// Reads what ``encoded`` gave; what is cut off reads as empty.
    init(reading bytes: UnsafeRawBufferPointer) {
        var offset = 0
        func number() -> Int {
            guard bytes.count - offset >= 4 else { return 0 }
            defer { offset += 4 }
            return Int(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
        func text() -> [UInt8] {
            let length = number()
            guard length <= bytes.count - offset else { return [] }
            defer { offset += length }
            return Array(bytes[offset..<(offset + length)])
        }
        linkTarget = text()
        for _ in 0..<min(number(), bytes.count) {
            let name = String(decoding: text(), as: UTF8.self)
            attributes.append(Node.ExtendedAttribute(name: name, value: text()))
        }
    }

    private static func append(_ number: UInt32, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private static func append(_ text: [UInt8], to bytes: inout [UInt8]) {
        append(UInt32(text.count), to: &bytes)
        bytes.append(contentsOf: text)
    }
}
