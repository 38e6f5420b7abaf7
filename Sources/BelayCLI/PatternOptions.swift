import BelayCore
import BelayRules

extension BackupExcludes {
    /// Patterns as they stand on the command line.
    ///
    /// - Throws: `usage` with the one that cannot be used.
    init(texts: [String], ignoringCase others: [String]) throws {
        do throws(BackupExcludesError) {
            try self.init(texts.map { Array($0.utf8) }, ignoringCase: others.map { Array($0.utf8) })
        } catch {
            throw BelayError(
                .usage,
                "a pattern cannot be used: \(error)",
                hint: "put a backslash before a bracket that stands for itself: '\\['"
            )
        }
    }
}
