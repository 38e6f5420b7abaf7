/// A tag for a commit, made in the repository that a directory lies in.
package enum GitTag {
    /// Why there is no tag.
    package enum Failure: Error, Hashable, Sendable {
        /// git allows no such name.
        case invalidName
        /// A tag of that name is there, and stays as it is.
        case exists
        /// git did not do it, or did not answer in time.
        case refused
    }

    /// Makes a plain tag; one that is there is never moved, whoever makes it at the same moment.
    ///
    /// The caller's thread waits for git, for `timeLimit` at most and until the task is cancelled.
    package static func make(
        _ name: String,
        at commit: String,
        in directory: String,
        environment: [String: String],
        timeLimit: Duration = .seconds(30)
    ) throws(Failure) {
        let session = GitInspector.Session(
            directory: directory,
            environment: GitInspector.quiet(environment),
            deadline: .now + timeLimit
        )
        let reference = "refs/tags/\(name)"
        do {
            guard !name.hasPrefix("-"), try session.run(["check-ref-format", reference]) != nil else {
                throw Failure.invalidName
            }
            // An empty old value: the reference must not be there (git-update-ref(1)).
            if try session.run(["update-ref", reference, commit, ""]) != nil { return }
            throw try session.run(["show-ref", "--verify", reference]) != nil
                ? Failure.exists : Failure.refused
        } catch let failure as Failure {
            throw failure
        } catch {
            throw .refused
        }
    }
}

extension GitTag.Failure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .invalidName: "git allows no tag of that name"
        case .exists: "git has a tag of that name already, which stays as it is"
        case .refused: "git refused it, or did not answer in time"
        }
    }
}
