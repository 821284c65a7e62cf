internal import GraphDatabase
package import JSON
internal import PropertyGraph

/// Where results come from and what depends on them: jobs and the artifacts between them.
package struct Lineage: Hashable, Sendable {
    /// A job on the way.
    package struct Job: Hashable, Sendable {
        /// Its id.
        package let id: String
        /// The run it is part of.
        package let run: String?
        /// Its step.
        package let step: String?
        /// The function version that made the result.
        package let function: String?
        /// Digests of what it took in.
        package let inputs: [String]
        /// Digest of what it gave out.
        package let output: String?
    }

    /// The artifacts that were asked about.
    package let subjects: [String]
    /// Jobs that these were made by, at any distance.
    package let upstream: [Job]
    /// Jobs that took them in, at any distance: what must be thrown away when they were wrong.
    package let downstream: [Job]

    /// As the API gives it.
    package var json: JSON {
        func list(_ jobs: [Job]) -> JSON {
            .array(
                jobs.map { job in
                    [
                        "job": .string(job.id), "run": job.run.map(JSON.string) ?? .null,
                        "step": job.step.map(JSON.string) ?? .null,
                        "function": job.function.map(JSON.string) ?? .null,
                        "inputs": .array(job.inputs.map(JSON.string)),
                        "output": job.output.map(JSON.string) ?? .null,
                    ]
                })
        }
        return [
            "artifacts": .array(self.subjects.map(JSON.string)), "upstream": list(self.upstream),
            "downstream": list(self.downstream),
        ]
    }
}

extension Orchestrator {
    /// The most jobs on one side of a lineage.
    private static let lineageLimit = 5000

    /// The lineage of an artifact by its digest, or of all results of a run by its id. O(jobs on the way).
    /// - Throws: ``OrchestrationError/notFound(what:name:hint:)``.
    package func lineage(of subject: String) throws -> Lineage {
        var subjects = [subject]
        if try self.database.read("lineage", ["sha256": .string(subject)]).isEmpty {
            subjects = try self.database.read("run_artifacts", ["run": .string(subject)]).compactMap {
                $0["sha256"]?.string
            }
            guard !subjects.isEmpty else {
                throw OrchestrationError.notFound(
                    what: "artifact or run with results", name: subject, hint: "see `plexus run show`")
            }
        }
        return Lineage(
            subjects: subjects, upstream: try self.walk(subjects, "made_by") { $0.inputs },
            downstream: try self.walk(subjects, "used_by") { $0.output.map { [$0] } ?? [] })
    }

    private func walk(
        _ subjects: [String], _ side: String, next: (Lineage.Job) -> [String]
    ) throws -> [Lineage.Job] {
        var jobs: [Lineage.Job] = []
        var seenJobs: Set<String> = []
        var seen = Set(subjects)
        var pending = subjects[...]
        while let digest = pending.popFirst(), jobs.count < Self.lineageLimit {
            let row = try self.database.read("lineage", ["sha256": .string(digest)]).first
            let ids = (row?[side]?.list ?? []).compactMap(\.string).filter { seenJobs.insert($0).inserted }
            guard !ids.isEmpty else { continue }
            for row in try self.database.read("lineage_jobs", ["ids": .list(ids.map(Value.string))]) {
                let job = Lineage.Job(
                    id: row["id"]?.string ?? "", run: row["run"]?.string, step: row["step"]?.string,
                    function: row["function"]?.string,
                    inputs: (row["inputs"]?.list ?? []).compactMap(\.string), output: row["output"]?.string)
                jobs.append(job)
                for digest in next(job) where seen.insert(digest).inserted { pending.append(digest) }
            }
        }
        return jobs
    }
}
