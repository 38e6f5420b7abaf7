import CBelay

/// The environment that the process was started with.
package enum ProcessEnvironment {
    /// All variables; of a name that stands twice the first, as `getenv` has it.
    package static var all: [String: String] {
        var variables: [String: String] = [:]
        guard var entry = belay_environment() else { return variables }
        while let text = entry.pointee {
            let pair = String(cString: text)
            if let equals = pair.firstIndex(of: "=") {
                let name = String(pair[..<equals])
                if variables[name] == nil { variables[name] = String(pair[pair.index(after: equals)...]) }
            }
            entry += 1
        }
        return variables
    }
}
