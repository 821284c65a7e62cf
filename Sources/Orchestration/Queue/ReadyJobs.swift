package import PropertyGraph

/// Where a job waits. All jobs of a lane can be taken by the same machines.
package struct JobLane: Hashable, Sendable {
    /// `name@version`.
    package let function: String
    /// Labels that a machine must have for these jobs, beside those that the function needs.
    package let needs: [String]
    /// Machines that may not take them, sorted: those that have done a part of the work already.
    package let avoids: [String]

    /// Joins the parts.
    package init(function: String, needs: [String] = [], avoids: [String] = []) {
        self.function = function
        self.needs = needs
        self.avoids = avoids
    }
}

/// A job that may be taken.
package struct ReadyJob: Hashable, Sendable {
    /// Its node.
    package let node: NodeID
    /// Where it waits.
    package let lane: JobLane
    /// For whom it is.
    package let user: String
    /// Higher goes first.
    package let priority: Int
    /// Since when it waits, in microseconds since 1970.
    package let since: Int

    /// Joins the parts.
    package init(node: NodeID, lane: JobLane, user: String, priority: Int, since: Int) {
        self.node = node
        self.lane = lane
        self.user = user
        self.priority = priority
        self.since = since
    }
}

/// The jobs that may be taken now, in the order in which they are to be.
///
/// Higher priorities go first. Within one, users take turns (stride scheduling: a user's turn moves on by one with each job
/// taken; who comes anew starts where the turns are), and each user's jobs go oldest first.
///
/// Taking a job costs O(lanes + log users), however many jobs wait. Memory: about 100 bytes a job.
package struct ReadyJobs: Sendable {
    fileprivate struct Entry {
        let lane: Int32
        let user: Int32
        let priority: Int
        let since: Int
        /// Tells it from what was put under the same node before.
        let stamp: UInt32
    }

    /// Whose turn it is in a level; `turn` may be older than the user's, never newer.
    fileprivate struct Turn: Comparable {
        let turn: Int
        let user: Int32

        static func < (left: Turn, right: Turn) -> Bool {
            (left.turn, left.user) < (right.turn, right.user)
        }
    }

    /// The jobs of one lane and priority.
    fileprivate struct Level {
        let priority: Int
        var turns = Heap<Turn>()
        var lines: [Int32: JobLine] = [:]
        /// Users that are not in `turns` although they have jobs: they may take none now.
        var parked: Set<Int32> = []
    }

    private struct Lane {
        let lane: JobLane
        /// Highest priority first.
        var levels: [Level] = []
        var count = 0
    }

    /// The turns of one priority, over all lanes.
    fileprivate struct Share {
        /// Where the turns are: the turn of who was served last. Never goes back.
        var now = 0
        var turns: [Int32: Int] = [:]
        /// How many jobs of each user wait.
        var waiting: [Int32: Int] = [:]
        var count = 0
    }

    private var entries: [NodeID: Entry] = [:]
    private var laneNumbers: [JobLane: Int32] = [:]
    private var lanes: [Lane] = []
    /// Lanes with jobs, in the order in which they got some.
    private var activeLanes: [Int] = []
    private var userNumbers: [String: Int32] = [:]
    private var users: [String] = []
    private var shares: [Int: Share] = [:]
    /// Users that may take nothing now.
    private var parkedUsers: Set<Int32> = []
    private var stamp: UInt32 = 0
    /// How many elements were looked at so far: what taking a job costs, for tests.
    package private(set) var steps = 0

    /// Nobody waits.
    package init() {}

    /// How many jobs may be taken.
    package var count: Int { self.entries.count }

    /// Whether a job is among them.
    package func contains(_ node: NodeID) -> Bool { self.entries[node] != nil }

    // MARK: Putting and removing

    /// Puts a job in its place; where it was before it is no more. O(1) for one that is younger than its user's others.
    /// - Returns: whether it was not in this place already.
    @discardableResult
    package mutating func put(_ job: ReadyJob) -> Bool {
        let (lane, user) = (self.number(of: job.lane), self.number(of: job.user))
        if let old = self.entries[job.node] {
            if old.lane == lane, old.user == user, old.priority == job.priority, old.since == job.since {
                return false
            }
            self.remove(job.node)
        }
        self.stamp &+= 1
        self.entries[job.node] = Entry(
            lane: lane, user: user, priority: job.priority, since: job.since, stamp: self.stamp)
        self.shares[job.priority, default: Share()].arrive(user)
        let level = self.level(of: job.priority, in: Int(lane))
        if self.lanes[Int(lane)].count == 0 { self.activeLanes.append(Int(lane)) }
        self.lanes[Int(lane)].count += 1
        let item = JobLine.Item(since: job.since, node: job.node.index, stamp: self.stamp)
        if self.lanes[Int(lane)].levels[level].lines[user]?.append(item) == nil {
            var line = JobLine()
            line.append(item)
            self.lanes[Int(lane)].levels[level].lines[user] = line
            self.lanes[Int(lane)].levels[level].admit(
                user, turn: self.shares[job.priority]?.turns[user] ?? 0)
        }
        return true
    }

    /// Takes a job out, wherever it stands. O(log priorities), and now and then O(its user's jobs).
    package mutating func remove(_ node: NodeID) {
        guard let entry = self.entries.removeValue(forKey: node) else { return }
        self.shares[entry.priority]?.leave(entry.user)
        let lane = Int(entry.lane)
        self.lanes[lane].count -= 1
        guard self.lanes[lane].count > 0 else {
            self.lanes[lane].levels = []
            self.activeLanes.removeAll { $0 == lane }
            return
        }
        guard let level = self.index(of: entry.priority, in: lane) else { return }
        let isCrowded = self.lanes[lane].levels[level].lines[entry.user]?.leave() ?? false
        if isCrowded, let line = self.lanes[lane].levels[level].lines[entry.user] {
            self.lanes[lane].levels[level].lines[entry.user] = line.cleared { self.isCurrent($0) }
        }
    }

    private func isCurrent(_ item: JobLine.Item) -> Bool {
        self.entries[NodeID(item.node)]?.stamp == item.stamp
    }

    private mutating func number(of lane: JobLane) -> Int32 {
        if let number = self.laneNumbers[lane] { return number }
        let number = Int32(self.lanes.count)
        self.laneNumbers[lane] = number
        self.lanes.append(Lane(lane: lane))
        return number
    }

    private mutating func number(of user: String) -> Int32 {
        if let number = self.userNumbers[user] { return number }
        let number = Int32(self.users.count)
        self.userNumbers[user] = number
        self.users.append(user)
        return number
    }

    private func index(of priority: Int, in lane: Int) -> Int? {
        let place = self.place(of: priority, in: lane)
        let levels = self.lanes[lane].levels
        return place < levels.count && levels[place].priority == priority ? place : nil
    }

    /// The first level of no higher priority.
    private func place(of priority: Int, in lane: Int) -> Int {
        var (low, high) = (0, self.lanes[lane].levels.count)
        while low < high {
            let middle = (low + high) / 2
            if self.lanes[lane].levels[middle].priority > priority { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func level(of priority: Int, in lane: Int) -> Int {
        if let index = self.index(of: priority, in: lane) { return index }
        let place = self.place(of: priority, in: lane)
        self.lanes[lane].levels.insert(Level(priority: priority), at: place)
        return place
    }

    // MARK: Taking

    /// Takes out the job that is next for somebody.
    ///
    /// `fits`: whether jobs of a lane, given by its number too, can be taken; asked for each lane with jobs. `admits`: whether a
    /// user may take one more job; who may not is passed over until ``unpark(_:)``.
    package mutating func take(
        fits: (Int, JobLane) -> Bool, admits: (String) -> Bool
    ) -> ReadyJob? {
        while true {
            var best: (lane: Int, head: Head)?
            for lane in self.activeLanes {
                self.steps += 1
                guard fits(lane, self.lanes[lane].lane), let head = self.head(of: lane) else { continue }
                if let other = best, other.head <= head { continue }
                best = (lane, head)
            }
            guard let (lane, head) = best else { return nil }
            guard admits(self.users[Int(head.user)]) else {
                self.parkedUsers.insert(head.user)
                continue
            }
            let node = NodeID(head.node)
            let job = ReadyJob(
                node: node, lane: self.lanes[lane].lane, user: self.users[Int(head.user)],
                priority: head.priority, since: head.since)
            self.remove(node)
            return job
        }
    }

    /// Notes that a user's job was taken for good: the turn is the next user's.
    package mutating func charge(_ user: String, priority: Int) {
        self.shares[priority, default: Share()].charge(self.number(of: user))
    }

    /// Lets a user take jobs again that was passed over.
    package mutating func unpark(_ user: String) {
        guard let number = self.userNumbers[user], self.parkedUsers.remove(number) != nil else { return }
        for lane in self.activeLanes {
            for level in self.lanes[lane].levels.indices
            where self.lanes[lane].levels[level].parked.remove(number) != nil {
                let priority = self.lanes[lane].levels[level].priority
                self.lanes[lane].levels[level].admit(
                    number, turn: self.shares[priority]?.turns[number] ?? 0)
            }
        }
    }

    /// Lets all users take jobs again. O(users passed over and levels).
    package mutating func unparkAll() {
        guard !self.parkedUsers.isEmpty else { return }
        self.parkedUsers.removeAll(keepingCapacity: true)
        for lane in self.activeLanes {
            for level in self.lanes[lane].levels.indices {
                let parked = self.lanes[lane].levels[level].parked
                self.lanes[lane].levels[level].parked = []
                let priority = self.lanes[lane].levels[level].priority
                for user in parked {
                    self.lanes[lane].levels[level].admit(
                        user, turn: self.shares[priority]?.turns[user] ?? 0)
                }
            }
        }
    }

    /// The job that would be taken from a lane. The one that goes first is the least.
    private struct Head: Comparable {
        let priority: Int
        let turn: Int
        let since: Int
        let node: UInt32
        let user: Int32

        static func < (left: Head, right: Head) -> Bool {
            (-left.priority, left.turn, left.since, left.node)
                < (-right.priority, right.turn, right.since, right.node)
        }
    }

    private mutating func head(of lane: Int) -> Head? {
        var index = 0
        while index < self.lanes[lane].levels.count {
            if let head = self.head(of: lane, level: index) { return head }
            if self.lanes[lane].levels[index].lines.isEmpty {
                self.lanes[lane].levels.remove(at: index)
            } else {
                index += 1
            }
        }
        return nil
    }

    private mutating func head(of lane: Int, level: Int) -> Head? {
        let priority = self.lanes[lane].levels[level].priority
        while let next = self.lanes[lane].levels[level].turns.first {
            self.steps += 1
            if self.parkedUsers.contains(next.user) {
                self.lanes[lane].levels[level].turns.removeFirst()
                self.lanes[lane].levels[level].parked.insert(next.user)
                continue
            }
            let turn = self.shares[priority]?.turns[next.user] ?? next.turn
            if turn > next.turn {
                self.lanes[lane].levels[level].turns.replaceFirst(with: Turn(turn: turn, user: next.user))
                continue
            }
            while let item = self.lanes[lane].levels[level].lines[next.user]?.first {
                self.steps += 1
                if self.isCurrent(item) {
                    // Who could not be served for a while is not owed what others got meanwhile.
                    return Head(
                        priority: priority, turn: max(turn, self.shares[priority]?.now ?? 0),
                        since: item.since, node: item.node, user: next.user)
                }
                self.lanes[lane].levels[level].lines[next.user]?.removeFirst()
            }
            self.lanes[lane].levels[level].turns.removeFirst()
            self.lanes[lane].levels[level].lines[next.user] = nil
        }
        return nil
    }

    // MARK: Looking

    /// Lanes with jobs, and their numbers.
    package var lanesWithJobs: [(number: Int, lane: JobLane)] {
        self.activeLanes.map { ($0, self.lanes[$0].lane) }
    }

    /// About how many jobs are taken before one, which need not be among them, if whoever asks can take all of them.
    /// O(lanes, users and the user's own jobs).
    package func ahead(of job: ReadyJob) -> Int {
        var ahead = 0
        for (priority, share) in self.shares where priority > job.priority { ahead += share.count }
        guard let share = self.shares[job.priority] else { return ahead }
        let user = self.userNumbers[job.user]
        var own = 0
        for lane in self.activeLanes {
            guard let user, let level = self.index(of: job.priority, in: lane),
                let line = self.lanes[lane].levels[level].lines[user]
            else { continue }
            own += line.count { item in
                (item.since, item.node) < (job.since, job.node.index) && self.isCurrent(item)
            }
        }
        let mine = max(share.now, user.flatMap { share.turns[$0] } ?? 0) + own
        for (other, count) in share.waiting where other != user {
            ahead += min(count, max(0, mine - max(share.now, share.turns[other] ?? 0)))
        }
        return ahead + own
    }
}

extension ReadyJobs.Share {
    fileprivate mutating func arrive(_ user: Int32) {
        if self.waiting[user] == nil { self.turns[user] = max(self.turns[user] ?? 0, self.now) }
        self.waiting[user, default: 0] += 1
        self.count += 1
    }

    fileprivate mutating func leave(_ user: Int32) {
        guard let count = self.waiting[user] else { return }
        self.count -= 1
        self.waiting[user] = count > 1 ? count - 1 : nil
        if self.waiting.isEmpty {
            self.now = max(self.now, self.turns.values.max() ?? 0)
            self.turns = [:]
        }
    }

    fileprivate mutating func charge(_ user: Int32) {
        self.now = max(self.now, self.turns[user] ?? 0)
        if !self.waiting.isEmpty { self.turns[user] = self.now + 1 }
    }
}

extension ReadyJobs.Level {
    fileprivate mutating func admit(_ user: Int32, turn: Int) {
        self.turns.insert(ReadyJobs.Turn(turn: turn, user: user))
    }
}

/// One user's jobs of a lane and priority, oldest first. Those that come in the order of time cost O(1), others O(log n).
private struct JobLine: Sendable {
    struct Item: Comparable {
        let since: Int
        let node: UInt32
        let stamp: UInt32

        static func < (left: Item, right: Item) -> Bool {
            (left.since, left.node, left.stamp) < (right.since, right.node, right.stamp)
        }
    }

    /// In order, from `start` on.
    private var line: [Item] = []
    private var start = 0
    private var strays = Heap<Item>()
    /// How many of the items are still meant.
    private var current = 0

    private var head: Item? { self.start < self.line.count ? self.line[self.start] : nil }

    var first: Item? {
        guard let head = self.head else { return self.strays.first }
        guard let stray = self.strays.first, stray < head else { return head }
        return stray
    }

    mutating func append(_ item: Item) {
        self.current += 1
        if let last = self.line.last, self.start < self.line.count, item < last {
            self.strays.insert(item)
        } else {
            self.line.append(item)
        }
    }

    mutating func removeFirst() {
        if let stray = self.strays.first, self.head.map({ stray < $0 }) ?? true {
            self.strays.removeFirst()
            return
        }
        guard self.start < self.line.count else { return }
        self.start += 1
        guard self.start > 1024, self.start * 2 > self.line.count else { return }
        self.line.removeFirst(self.start)
        self.start = 0
    }

    /// One of the items is meant no more; whether so many are not that they are worth clearing away.
    mutating func leave() -> Bool {
        self.current -= 1
        let kept = self.line.count - self.start + self.strays.count
        return kept > 64 && kept > 2 * self.current
    }

    func count(where isMeant: (Item) -> Bool) -> Int {
        self.line[self.start...].count(where: isMeant) + self.strays.elements.count(where: isMeant)
    }

    func cleared(_ isCurrent: (Item) -> Bool) -> JobLine {
        var cleared = JobLine()
        cleared.line = (self.line[self.start...] + self.strays.elements).filter(isCurrent).sorted()
        cleared.current = cleared.line.count
        return cleared
    }
}
