package import BelayFormat

/// What can be told of a JSON text without building a document of it.
package enum JSONDocument {
    /// How many elements its list or keys its object has; 1 for anything else.
    ///
    /// - Throws: if the text is not valid JSON, as a whole.
    package static func count(_ text: UnsafeRawBufferPointer) throws(FormatError) -> UInt64 {
        var reader = JSONReader(text, of: "document")
        var count: UInt64 = 0
        switch text.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) {
        case 0x5B:
            try reader.enterArray()
            while try reader.nextElement() {
                _ = try reader.skipValue()
                count += 1
            }
        case 0x7B:
            try reader.enterObject()
            while try reader.nextKey() != nil {
                _ = try reader.skipValue()
                count += 1
            }
        default:
            _ = try reader.skipValue()
            count = 1
        }
        try reader.finish()
        return count
    }
}
