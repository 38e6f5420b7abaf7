import BelayCore
import BelayFormat
import BelayStore

/// Decides which packs are kept, written anew and removed.
///
/// Pure: what there is comes in, a plan comes out.
struct CleanupPlanner {
    /// What the index says of one pack, and how much of it is needed.
    private struct Pack {
        var usedBlobs = 0
        var usedBytes: UInt64 = 0
        var unusedBlobs = 0
        var unusedBytes: UInt64 = 0
        var types: Set<BlobType> = []
        /// Holds a tree that is not compressed, which restic does not write and reads slowly.
        var hasPlainTree = false
        var length: UInt64 = 0
        var listedLength: UInt64?

        /// Whether the file is there and as long as the index says.
        var isUsable: Bool { listedLength == length }
        var mustRepack: Bool { types.count > 1 || hasPlainTree }
    }

    private let contents: PackContents
    private let used: UsedBlobs
    private let rules: CleanupRules
    private var packs: [Pack]
    private var plan: CleanupPlan

    /// The plan for what an index describes and the store lists, of which `used` is needed.
    ///
    /// - Throws: `repository.damaged` if a needed blob is in no usable pack.
    static func plan(
        _ contents: PackContents,
        used: UsedBlobs,
        listed: [StoredFile],
        rules: CleanupRules
    ) throws(BelayError) -> CleanupPlan {
        var planner = CleanupPlanner(contents, used: used, listed: listed, rules: rules)
        planner.chooseCopies()
        try planner.requireUsablePacks()
        planner.decide()
        return planner.plan
    }

    private init(_ contents: PackContents, used: UsedBlobs, listed: [StoredFile], rules: CleanupRules) {
        self.contents = contents
        self.used = used
        self.rules = rules
        plan = CleanupPlan(contents: contents)
        packs = (0..<contents.table.packCount).map { number in
            var pack = Pack()
            for record in contents.records(ofPack: number) {
                pack.types.insert(record.type)
                if record.type == .tree, !contents.blob(record).isCompressed { pack.hasPlainTree = true }
            }
            pack.length = contents.packLength(ofPack: number)
            return pack
        }
        let numbers = contents.numbers()
        for file in listed.sorted(by: { $0.handle.digest < $1.handle.digest }) {
            let id = PackID(file.handle.digest)
            if let number = numbers[id], contents.count(ofPack: number) > 0 {
                packs[number].listedLength = file.size
            } else {
                plan.unreferencedPacks.append(id)
                plan.unreferenced.add(blobs: 0, size: file.size)
            }
        }
    }

    // MARK: - Copies

    /// Chooses, for each needed blob, the one copy that stays.
    ///
    /// First what is there once, then the others: these go where most is needed anyway, so that packs made of
    /// nothing but copies become free.
    private mutating func chooseCopies() {
        var doubled: [(type: BlobType, copies: Range<Int>)] = []
        for type in BlobType.allCases {
            let count = contents.table.count(of: type)
            var start = 0
            while start < count {
                var end = start + 1
                let id = contents.table.id(of: type, at: start)
                while end < count, contents.table.id(of: type, at: end) == id { end += 1 }
                if !used.contains(type, at: start) {
                    for position in start..<end { note(type, position, isUsed: false) }
                } else if end - start == 1 {
                    note(type, start, isUsed: true)
                } else {
                    doubled.append((type, start..<end))
                }
                start = end
            }
        }
        // The same order for all, so that of two equal packs one is free in the end.
        let worth = packs
        for (type, copies) in doubled {
            let chosen = copies.max { left, right in
                let (leftPack, rightPack) = (number(type, left), number(type, right))
                return Self.isWorthLess(worth[leftPack], leftPack, than: worth[rightPack], rightPack)
            }
            for position in copies { note(type, position, isUsed: position == chosen) }
        }
    }

    private static func isWorthLess(
        _ left: Pack,
        _ leftNumber: Int,
        than right: Pack,
        _ rightNumber: Int
    ) -> Bool {
        if left.isUsable != right.isUsable { return right.isUsable }
        if left.mustRepack != right.mustRepack { return left.mustRepack }
        if left.usedBytes != right.usedBytes { return left.usedBytes < right.usedBytes }
        if left.unusedBytes != right.unusedBytes { return left.unusedBytes > right.unusedBytes }
        return leftNumber < rightNumber
    }

    private func number(_ type: BlobType, _ position: Int) -> Int {
        contents.table.packNumber(of: type, at: position)
    }

    private mutating func note(_ type: BlobType, _ position: Int, isUsed: Bool) {
        let number = number(type, position)
        let blob = contents.blob(PackContents.Record(type: type, position: position))
        let size = UInt64(blob.length) + UInt64(PackHeader.size(isCompressed: blob.isCompressed))
        if isUsed {
            packs[number].usedBlobs += 1
            packs[number].usedBytes += size
            plan.kept.insert(type, at: position)
        } else {
            packs[number].unusedBlobs += 1
            packs[number].unusedBytes += size
        }
    }

    private func requireUsablePacks() throws(BelayError) {
        let broken = packs.indices.filter { packs[$0].usedBlobs > 0 && !packs[$0].isUsable }
        if broken.isEmpty { return }
        throw BelayError(
            .repositoryDamaged,
            "cannot clean up: \(Count.text(broken.count, "pack")) that snapshots need \(broken.count == 1 ? "is" : "are") missing or damaged",
            hint: "run `belay verify --all` to see what is affected, then `belay repair`",
            subjects: broken.map { Handle(contents.table.pack($0)).path }
        )
    }

    // MARK: - Decisions

    private mutating func decide() {
        var mandatory: [Int] = []
        var wasteful: [Int] = []
        var small: [Int] = []
        for number in packs.indices where contents.count(ofPack: number) > 0 {
            let pack = packs[number]
            plan.total.add(blobs: pack.usedBlobs + pack.unusedBlobs, size: pack.length)
            if pack.usedBlobs > 0 { plan.used.add(blobs: pack.usedBlobs, size: pack.usedBytes) }
            if pack.unusedBlobs > 0 { plan.unused.add(blobs: pack.unusedBlobs, size: pack.unusedBytes) }
            if pack.usedBlobs == 0 {
                remove(number)
            } else if pack.mustRepack {
                mandatory.append(number)
            } else if pack.unusedBlobs > 0 {
                wasteful.append(number)
            } else if pack.length < rules.smallPackLength {
                small.append(number)
            }
        }
        for number in mandatory { repack(number) }
        for number in worthJoining(small) { repack(number) }
        repackWasteful(wasteful)
    }

    private mutating func remove(_ number: Int) {
        let pack = packs[number]
        if let length = pack.listedLength {
            plan.removedPacks.append(number)
            plan.removed.add(blobs: pack.unusedBlobs, size: length)
        } else {
            plan.missingPacks.append(number)
            plan.missing.add(blobs: pack.unusedBlobs, size: pack.length)
        }
    }

    private func worthJoining(_ small: [Int]) -> [Int] {
        // Packs of data and of trees are never joined with each other.
        BlobType.allCases.flatMap { type in
            let ofType = small.filter { packs[$0].types.contains(type) }
            return ofType.count >= CleanupRules.smallPacksMinimum ? ofType : []
        }
    }

    /// Takes the most wasteful packs until little enough waste is left; trees and small packs first, since
    /// they cost little and are read most.
    private mutating func repackWasteful(_ candidates: [Int]) {
        let limit = rules.unusedMaximum(used: plan.used.size.bytes)
        var left = candidates.reduce(UInt64(0)) { $0 + packs[$1].unusedBytes }
        let sorted = candidates.sorted { first, second in
            let (left, right) = (packs[first], packs[second])
            let isLeftCheap = isCheap(left)
            if isLeftCheap != isCheap(right) { return isLeftCheap }
            let leftShare = left.unusedBytes.multipliedFullWidth(by: right.length)
            let rightShare = right.unusedBytes.multipliedFullWidth(by: left.length)
            if leftShare != rightShare { return leftShare > rightShare }
            return first < second
        }
        for number in sorted where left > limit {
            if repack(number) { left -= packs[number].unusedBytes }
        }
    }

    private func isCheap(_ pack: Pack) -> Bool {
        pack.types.contains(.tree) || pack.length < rules.smallPackLength
    }

    @discardableResult
    private mutating func repack(_ number: Int) -> Bool {
        let pack = packs[number]
        if let maximum = rules.repackMaximum, plan.repacked.size + ByteCount(pack.length) > maximum {
            return false
        }
        plan.repackedPacks.append(number)
        plan.repacked.add(blobs: pack.usedBlobs + pack.unusedBlobs, size: pack.length)
        plan.copied.add(blobs: pack.usedBlobs, size: pack.usedBytes)
        return true
    }
}
