import BelayRules
import Testing

@Suite struct `The nearest name` {
    private let commands = ["backup", "checkpoint", "rollback", "restore", "release", "list", "log", "ls"]

    @Test(arguments: [
        ("bakcup", "backup"), ("backu", "backup"), ("BACKUP", "backup"), ("checkpiont", "checkpoint"),
        ("rolback", "rollback"),
        ("relaese", "release"), ("lsit", "list"), ("check", "checkpoint"), ("lst", "list"),
    ])
    func `is the one that was meant`(typed: String, meant: String) {
        #expect(NearestName.suggestion(for: typed, among: commands) == meant)
    }

    @Test(arguments: ["", "xyz", "q", "deploy", "zzzzzzzzzz", String(repeating: "a", count: 200)])
    func `is nothing if none is close`(typed: String) {
        #expect(NearestName.suggestion(for: typed, among: commands) == nil)
    }

    @Test func `comes with others that are as close, in a fixed order`() {
        #expect(
            NearestName.suggestions(for: "cat", among: ["car", "bat", "dog", "cats", "bat"]) == [
                "bat", "car", "cats",
            ]
        )
        #expect(NearestName.suggestions(for: "cat", among: ["car", "bat"], limit: 0).isEmpty)
    }

    @Test func `is measured by letters left out, put in, changed or exchanged`() {
        func distance(_ left: String, _ right: String) -> Int {
            NearestName.distance(Array(left), Array(right))
        }
        #expect(distance("", "abc") == 3)
        #expect(distance("abc", "") == 3)
        #expect(distance("abc", "acb") == 1)
        #expect(distance("ca", "abc") == 3)
        #expect(distance("kitten", "sitting") == 3)
    }

    @Test func `has a distance that is symmetric and zero for equals alone`() {
        // Every word of up to four letters from two.
        var words = [""]
        for length in 1...4 {
            for bits in 0..<(1 << length) {
                words.append(String((0..<length).map { bits >> $0 & 1 == 1 ? "a" : "b" }))
            }
        }
        for left in words {
            for right in words {
                let distance = NearestName.distance(Array(left), Array(right))
                #expect(distance == NearestName.distance(Array(right), Array(left)))
                #expect((distance == 0) == (left == right))
                #expect(distance <= max(left.count, right.count))
            }
        }
    }
}
