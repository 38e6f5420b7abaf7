#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The arguments that the process was started with.
package enum ProgramArguments {
    /// The number of the first argument, counted from 1, whose bytes are not valid UTF-8.
    ///
    /// Such bytes are lost in a `String`: the text would name another file than was meant.
    package static var firstInvalid: Int? {
        let all = UnsafeBufferPointer(start: CommandLine.unsafeArgv, count: Int(CommandLine.argc))
        return all.firstIndex { argument in
            argument.map { String(validatingCString: $0) == nil } ?? false
        }
    }

    /// Whether the path of the directory that the process works in is valid UTF-8.
    package static var worksInValidDirectory: Bool {
        guard let path = getcwd(nil, 0) else { return true }
        defer { free(path) }
        return String(validatingCString: path) != nil
    }
}
