/// A snapshot as far as its place among others goes.
package protocol OrderedSnapshot {
    var id: SnapshotID { get }
    var time: Timestamp { get }
    /// The first version of this snapshot, if it was rewritten.
    var original: SnapshotID? { get }
}

extension StoredSnapshot: OrderedSnapshot {
    package var time: Timestamp { snapshot.time }
    package var original: SnapshotID? { snapshot.original }
}

extension Collection where Element: OrderedSnapshot {
    /// The order of lists, whose first is what `latest` means.
    ///
    /// Of equal times what was made from another of them comes before that, as a repaired snapshot before the
    /// damaged one; otherwise the smaller id comes first.
    package func newestFirst() -> [Element] {
        let originals = Set(compactMap(\.original))
        return sorted { left, right in
            if left.time != right.time { return left.time > right.time }
            let (leftIsOld, rightIsOld) = (originals.contains(left.id), originals.contains(right.id))
            return leftIsOld == rightIsOld ? left.id < right.id : rightIsOld
        }
    }

    /// The same from the other end, as histories are told.
    package func oldestFirst() -> [Element] { newestFirst().reversed() }
}
