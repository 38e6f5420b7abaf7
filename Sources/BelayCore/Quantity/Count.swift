/// Numbers of things, for people.
package enum Count {
    /// The number with a comma between each three digits: `1,234,567`.
    package static func text(_ number: some BinaryInteger) -> String {
        let digits = Array(String(number.magnitude).utf8)
        var grouped: [UInt8] = number < 0 ? [UInt8(ascii: "-")] : []
        for (index, digit) in digits.enumerated() {
            if index > 0 && (digits.count - index).isMultiple(of: 3) { grouped.append(UInt8(ascii: ",")) }
            grouped.append(digit)
        }
        return String(decoding: grouped, as: UTF8.self)
    }

    /// The number and what is counted: `1 file`, `2,000 files`, `2 entries`.
    ///
    /// Without a plural an `s` is added.
    package static func text(
        _ number: some BinaryInteger,
        _ singular: String,
        _ plural: String? = nil
    ) -> String {
        "\(text(number)) \(number == 1 ? singular : plural ?? singular + "s")"
    }
}
