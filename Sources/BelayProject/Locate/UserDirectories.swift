/// Where belay keeps what belongs to a user, by the XDG rules.
package struct UserDirectories: Hashable, Sendable {
    /// The user's home directory.
    package let home: String
    /// Holds the default repository.
    package let data: String
    /// Holds keys and user-wide settings.
    package let configuration: String
    /// Holds the operation log, the schedule and drill results.
    package let state: String
    /// Holds what may be deleted at any time.
    package let cache: String

    /// The directories for an environment, with the home directory to use where it names none.
    ///
    /// Nothing is created. As the XDG rules demand, a variable that is empty or not an absolute path is
    /// ignored.
    package init(environment: [String: String], home: String) {
        func directory(_ name: String, or fallback: String) -> String {
            let value = environment[name] ?? ""
            return PathText.join(value.hasPrefix("/") ? value : PathText.join(home, fallback), "belay")
        }
        self.home = home
        data = directory("XDG_DATA_HOME", or: ".local/share")
        configuration = directory("XDG_CONFIG_HOME", or: ".config")
        state = directory("XDG_STATE_HOME", or: ".local/state")
        cache = directory("XDG_CACHE_HOME", or: ".cache")
    }

    /// The repository that all of a user's projects share.
    package var repository: String { PathText.join(data, "repository") }
}
