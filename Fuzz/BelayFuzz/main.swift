// One program for all parsers of bytes from outside: `belay-fuzz PARSER [libFuzzer arguments]`.
//
// Built only when BELAY_FUZZ names the fuzzer's runtime; see Scripts/fuzz.sh. A parser may refuse anything, but it
// must not trap, hang, or eat memory: that is all that is asserted here, and all that libFuzzer looks for.

import BelayParsers
import Glibc

@_silgen_name("LLVMFuzzerRunDriver")
func runFuzzer(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

nonisolated(unsafe) var chosen: @Sendable ([UInt8]) -> Void = { _ in }

guard CommandLine.arguments.count > 1, let parser = Parsers.all[CommandLine.arguments[1]] else {
    print(Parsers.all.keys.sorted().joined(separator: "\n"))
    exit(2)
}
chosen = parser
// The program's name, then what is left for the fuzzer.
var words = ([CommandLine.arguments[0]] + CommandLine.arguments.dropFirst(2)).map { strdup($0) }
words.append(nil)
var count = CInt(words.count - 1)
let status = words.withUnsafeMutableBufferPointer { words in
    // Invariant: there is at least the program's name.
    var start = words.baseAddress.unsafelyUnwrapped
    return runFuzzer(&count, &start) { bytes, length in
        chosen(Array(UnsafeBufferPointer(start: bytes, count: length)))
        return 0
    }
}
exit(status)
