/// The lines to take out and to put in that make one sequence another, as few as possible.
///
/// This is the algorithm of Eugene W. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), in the
/// form that takes linear space: the middle of a shortest way is found from both ends, and each half is
/// treated alike. Time grows with the length and the number of differences; beyond a budget the rest is taken
/// for changed as a whole, which is still right, though not short.
struct MyersDiff {
    /// Comparisons that one run may cost; about a second.
    static let budget = 200_000_000

    /// For each line of the old sequence, whether it goes.
    private(set) var isRemoved: [Bool]
    /// For each line of the new sequence, whether it is put in.
    private(set) var isAdded: [Bool]

    private let old: [Int32]
    private let new: [Int32]
    /// Furthest positions on each diagonal, from the start and from the end.
    private var forward: [Int32]
    private var backward: [Int32]
    private var stepsLeft: Int

    /// A part of both sequences that begins and ends with different lines.
    private struct Box {
        var old: Range<Int>
        var new: Range<Int>
    }

    /// Compares two sequences of line numbers, equal for equal lines.
    init(_ old: [Int32], _ new: [Int32], budget: Int = Self.budget) {
        self.old = old
        self.new = new
        isRemoved = [Bool](repeating: false, count: old.count)
        isAdded = [Bool](repeating: false, count: new.count)
        let diagonals = old.count + new.count + 3
        forward = [Int32](repeating: 0, count: diagonals)
        backward = forward
        stepsLeft = budget
        compare()
    }

    private mutating func compare() {
        var boxes = [Box(old: old.indices, new: new.indices)]
        while let whole = boxes.popLast() {
            let box = trimmed(whole)
            if box.old.isEmpty || box.new.isEmpty {
                markChanged(box)
            } else if let middle = middle(of: box) {
                boxes.append(
                    Box(
                        old: middle.old..<box.old.upperBound,
                        new: middle.new..<box.new.upperBound
                    )
                )
                boxes.append(
                    Box(
                        old: box.old.lowerBound..<middle.old,
                        new: box.new.lowerBound..<middle.new
                    )
                )
            } else {
                markChanged(box)
            }
        }
    }

    /// The box without what both sides have in common at either end.
    private func trimmed(_ box: Box) -> Box {
        var box = box
        while let first = box.old.first, let other = box.new.first, old[first] == new[other] {
            box.old.removeFirst()
            box.new.removeFirst()
        }
        while let last = box.old.last, let other = box.new.last, old[last] == new[other] {
            box.old.removeLast()
            box.new.removeLast()
        }
        return box
    }

    private mutating func markChanged(_ box: Box) {
        for position in box.old { isRemoved[position] = true }
        for position in box.new { isAdded[position] = true }
    }

    /// No way reaches this diagonal yet.
    private static let unreached = Int32.min / 2

    /// A point on a shortest way through the box, at neither corner; `nil` once the budget is used up.
    ///
    /// Positions count from the box's start, for the way back from its end. A diagonal is the position in
    /// the old sequence less that in the new one.
    private mutating func middle(of box: Box) -> (old: Int, new: Int)? {
        let width = box.old.count
        let height = box.new.count
        let difference = width - height
        let center = height + 1
        for cost in 0...((width + height + 1) / 2) {
            // Diagonals beyond the box's corners cannot be reached.
            let lowest = -(cost - 2 * max(0, cost - height))
            let highest = cost - 2 * max(0, cost - width)
            if lowest > highest { continue }
            for diagonal in stride(from: lowest, through: highest, by: 2) {
                let start = Self.start(forward, cost, diagonal, center, width, height)
                var reached = start
                while reached >= 0, reached < width, reached - diagonal < height,
                    old[box.old.lowerBound + reached] == new[box.new.lowerBound + reached - diagonal]
                {
                    reached += 1
                }
                forward[center + diagonal] = Int32(reached)
                stepsLeft -= 1 + max(0, reached - start)
                let opposite = difference - diagonal
                if !difference.isMultiple(of: 2), abs(opposite) < cost, reached >= 0,
                    isWithin(opposite, width, height), reached + Int(backward[center + opposite]) >= width
                {
                    return (box.old.lowerBound + reached, box.new.lowerBound + reached - diagonal)
                }
            }
            for diagonal in stride(from: lowest, through: highest, by: 2) {
                let start = Self.start(backward, cost, diagonal, center, width, height)
                var reached = start
                while reached >= 0, reached < width, reached - diagonal < height,
                    old[box.old.upperBound - 1 - reached] == new[box.new.upperBound - 1 - reached + diagonal]
                {
                    reached += 1
                }
                backward[center + diagonal] = Int32(reached)
                stepsLeft -= 1 + max(0, reached - start)
                let opposite = difference - diagonal
                if difference.isMultiple(of: 2), abs(opposite) <= cost, reached >= 0,
                    isWithin(opposite, width, height), reached + Int(forward[center + opposite]) >= width
                {
                    return (box.old.upperBound - reached, box.new.upperBound - reached + diagonal)
                }
            }
            if stepsLeft < 0 { return nil }
        }
        return nil
    }

    private func isWithin(_ diagonal: Int, _ width: Int, _ height: Int) -> Bool {
        diagonal >= -height && diagonal <= width
    }

    /// The furthest position on a diagonal at that cost, before what both sides have in common: one line
    /// further in the old sequence from the diagonal below, or one in the new one from that above.
    @inline(__always)
    private static func start(
        _ furthest: [Int32],
        _ cost: Int,
        _ diagonal: Int,
        _ center: Int,
        _ width: Int,
        _ height: Int
    ) -> Int {
        if cost == 0 { return 0 }
        // What was reached at the cost before lies between these diagonals.
        let lowest = -(cost - 1 - 2 * max(0, cost - 1 - height))
        let highest = cost - 1 - 2 * max(0, cost - 1 - width)
        var best = Int(unreached)
        if diagonal + 1 <= highest {
            let down = Int(furthest[center + diagonal + 1])
            if down >= 0, down - diagonal <= height { best = down }
        }
        if diagonal - 1 >= lowest {
            let right = Int(furthest[center + diagonal - 1]) + 1
            if right > 0, right <= width, right > best { best = right }
        }
        return best
    }
}
