import BelayCore
import BelaySystem

/// What an engine's own programs or library said when they could not do something.
package protocol EngineFailure: Error, CustomStringConvertible {
    /// Their words, for people; they do not name the database.
    var message: String { get }
}

extension EngineFailure {
    package var description: String { message }
}

/// What the errors of an engine tell beside the reason.
package struct EngineAdvice: Sendable {
    /// What to do when the database cannot be read.
    package var reading: String
    /// What to do when a stored state cannot be brought back.
    package var restoring: String
    /// The file or folder that the database is.
    package var path: String?

    package init(reading: String, restoring: String, path: String? = nil) {
        self.reading = reading
        self.restoring = restoring
        self.path = path
    }
}

extension DatabaseEngine {
    /// Runs what looks at the database, where it may block.
    ///
    /// - Throws: `database.unreadable` for what the engine or the system says, and what else `body` throws.
    package func reading<Result: Sendable>(
        _ body: @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withTaskExecutorPreference(BlockingPool.files) {
            try await telling(.databaseUnreadable, "read", advice.reading, body)
        }
    }

    /// Runs what brings a stored state back, where it may block.
    ///
    /// - Throws: `database.unrestorable` for what the engine or the system says, and what else `body` throws.
    package func restoring<Result: Sendable>(
        _ body: @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withTaskExecutorPreference(BlockingPool.files) {
            try await telling(.databaseUnrestorable, "brought back", advice.restoring, body)
        }
    }

    private func telling<Result: Sendable>(
        _ code: ErrorCode,
        _ what: String,
        _ hint: String,
        _ body: @Sendable () async throws -> Result
    ) async throws -> Result {
        func error(_ reason: String, _ cause: any Error) -> BelayError {
            BelayError(
                code,
                "\(title) cannot be \(what): \(reason)",
                hint: hint,
                subjects: [advice.path].compactMap(\.self),
                cause: cause
            )
        }
        do {
            return try await body()
        } catch let failure as any EngineFailure {
            throw error(failure.message, failure)
        } catch let failure as SystemError {
            throw error("\(failure)", failure)
        }
    }
}
