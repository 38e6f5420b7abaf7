import BelayCore
import BelayFormat
import Testing

@Suite struct `The JSON reader` {
    private func read<Value>(
        _ text: String,
        _ body: (inout JSONReader) throws(FormatError) -> Value
    ) throws(FormatError) -> Value {
        try Array(text.utf8).withBytes { (bytes) throws(FormatError) in
            var reader = JSONReader(bytes, of: "text")
            let value = try body(&reader)
            try reader.finish()
            return value
        }
    }

    private func unsigned(_ text: String) throws(FormatError) -> UInt64 {
        try read(text) { (reader) throws(FormatError) in try reader.unsigned() }
    }

    private func string(_ text: String) throws(FormatError) -> [UInt8] {
        try read(text) { (reader) throws(FormatError) in try reader.string().bytes }
    }

    private func skip(_ text: String) throws(FormatError) {
        try read(text) { (reader) throws(FormatError) in _ = try reader.skipValue() }
    }

    @Test func `keeps all bits of a number`() throws {
        #expect(try unsigned(" 18446744073709551615\n") == .max)
        #expect(try unsigned("0") == 0)
        #expect(
            try read("-9223372036854775808") { (reader) throws(FormatError) in try reader.signed() } == .min
        )
        #expect(
            try read("9223372036854775807") { (reader) throws(FormatError) in try reader.signed() } == .max
        )
    }

    @Test(arguments: [
        "", "-1", "1.0", "1e3", "1E3", "01", "18446744073709551616", "99999999999999999999999", "\"1\"", "1x",
        "+1", "null",
    ])
    func `refuses what is no unsigned integer`(text: String) {
        #expect(throws: FormatError.self) { try unsigned(text) }
    }

    @Test(arguments: [
        (#""""#, ""), (#""abc""#, "abc"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
        (#""\u0041\u00e4\u20AC""#, "Aä€"), (#""\ud83d\ude00""#, "😀"), (#""\ud83dx""#, "\u{FFFD}x"),
        (#""\ude00\ud83d\u0041""#, "\u{FFFD}\u{FFFD}A"), ("\"äöü€😀\"", "äöü€😀"),
        (#""twelve bytes and more, then \n and more""#, "twelve bytes and more, then \n and more"),
    ])
    func `undoes escapes`(text: String, value: String) throws {
        #expect(try string(text) == Array(value.utf8))
    }

    @Test func `replaces bytes that are not UTF-8`() throws {
        let value = try ([0x22, 0x61, 0xFF, 0xED, 0xA0, 0x80, 0x22] as [UInt8]).withBytes { bytes in
            var reader = JSONReader(bytes, of: "text")
            return try reader.string().text
        }
        #expect(value == "a\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}")
    }

    @Test(arguments: [
        #"""#, #""abc"#, #""\x""#, #""\u12""#, #""\u12g4""#, #""\"#, "\"a\nb\"", "\"a\u{1}b\"", "abc",
        #""1234567"#, #""12345678"#, #""\u123"#,
    ])
    func `refuses what is no string`(text: String) {
        #expect(throws: FormatError.self) { try string(text) }
    }

    /// Strings are read eight bytes at a time: each byte must be seen wherever in the eight it stands.
    @Test func `sees every byte at every place`() {
        for byte in UInt8.min...UInt8.max {
            for place in 0..<20 {
                var text = [UInt8](repeating: 0x61, count: 22)
                text[0] = 0x22
                text[place + 1] = byte
                text[21] = 0x22
                let value = try? text.withBytes { (bytes) throws(FormatError) in
                    var reader = JSONReader(bytes, of: "text")
                    let value = try reader.string()
                    try reader.finish()
                    return (value.isPlain, value.bytes)
                }
                // The letter after a backslash makes it an unknown escape; but at the last place a quote.
                guard byte >= 0x20, byte != 0x22, byte != 0x5C else {
                    #expect(value == nil, "byte \(byte) at \(place)")
                    continue
                }
                #expect(value?.0 == (byte < 0x80), "byte \(byte) at \(place)")
                let replaced = byte < 0x80 ? [byte] : [0xEF, 0xBF, 0xBD]
                #expect(value?.1 == Array(text[1..<(place + 1)]) + replaced + text[(place + 2)..<21])
            }
        }
    }

    @Test(arguments: [
        "{}", "[]", "[1,2]", #"{"a":[{"b":null},true,false,-1.5e+10,0.5,"x"]}"#, " [ 1 , 2 ] ", "-0", "0e1",
    ])
    func `skips values of any kind`(text: String) throws {
        try skip(text)
    }

    @Test(arguments: [
        "{", "[", "[1,]", "[,1]", "{,}", #"{"a":1,}"#, #"{"a"}"#, #"{"a":}"#, "{1:2}", "[1 2]", "nul",
        "truth",
        "-", "1.", ".5", "1e", "01", "[1]]", "{}{}", "[}", "{]", "'a'", "\u{0}", "[\u{0}]", "NaN",
    ])
    func `refuses what is no value`(text: String) {
        #expect(throws: FormatError.self) { try skip(text) }
    }

    @Test func `limits the depth`() throws {
        let deep = { (depth: Int) in
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        try skip(deep(JSONReader.depthLimit))
        #expect(throws: FormatError.self) { try skip(deep(JSONReader.depthLimit + 1)) }
        #expect(throws: FormatError.self) { try skip(String(repeating: "[", count: 1_000_000)) }
        #expect(throws: FormatError.self) { try skip(String(repeating: "{\"a\":", count: 100_000)) }
    }

    @Test func `knows keys with escapes`() throws {
        let value = try read(#"{"\u0061b":7}"#) { (reader) throws(FormatError) -> UInt64 in
            try reader.enterObject()
            var value: UInt64 = 0
            while let key = try reader.nextKey() {
                if case "ab" = key { value = try reader.unsigned() } else { try reader.skipValue() }
            }
            return value
        }
        #expect(value == 7)
    }
}

@Suite struct `The JSON writer` {
    @Test func `puts commas where they belong`() {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("a")
        writer.unsigned(0)
        writer.key("b")
        writer.beginArray()
        writer.signed(-12)
        writer.signed(.min)
        writer.unsigned(.max)
        writer.beginObject()
        writer.endObject()
        writer.null()
        writer.boolean(true)
        writer.endArray()
        writer.key("c")
        writer.string("x")
        writer.endObject()
        #expect(
            String(decoding: writer.bytes, as: UTF8.self)
                == #"{"a":0,"b":[-12,-9223372036854775808,18446744073709551615,{},null,true],"c":"x"}"#
        )
    }

    @Test(arguments: [
        ("\"\\/", #""\"\\/""#), ("\u{8}\u{c}\n\r\t\u{b}\u{1f}\u{0}", #""\b\f\n\r\t\u000b\u001f\u0000""#),
        ("<a>&", #""\u003ca\u003e\u0026""#), ("\u{2028}\u{2029}\u{2027}", "\"\\u2028\\u2029\u{2027}\""),
        ("\u{7f}\u{a0}\u{fffd}ä😀", "\"\u{7f}\u{a0}\u{fffd}ä😀\""), ("", "\"\""),
    ])
    func `escapes as Go does`(value: String, text: String) {
        var writer = JSONWriter()
        writer.string(value)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == text)
    }

    @Test func `escapes each bad byte`() {
        var writer = JSONWriter()
        ([0x61, 0xE2, 0x80, 0xED, 0xA0, 0x80, 0xC0, 0x80, 0x62] as [UInt8]).withBytes {
            writer.string(utf8: $0)
        }
        #expect(
            String(decoding: writer.bytes, as: UTF8.self)
                == "\"a" + String(repeating: #"\ufffd"#, count: 7) + "b\""
        )
    }
}

@Suite struct `Base64 text` {
    @Test(arguments: 0..<70) func `comes back as it was`(length: Int) {
        let value = stream("base64", length: length)
        let text = Base64.encode(value)
        #expect(Base64.decode(text) == value)
        #expect(text.count == (length + 2) / 3 * 4)
    }

    @Test(arguments: ["A", "AA", "AAA", "AA=", "AA===", "A===", "=AAA", "AA=A", "AA-_", "AAAA=", "AA A="])
    func `is refused when it is wrong`(text: String) {
        #expect(Base64.decode(text.utf8) == nil)
    }

    @Test func `may be broken into lines`() {
        #expect(Base64.decode("QUJD\r\nREU=\n".utf8) == Array("ABCDE".utf8))
    }
}
