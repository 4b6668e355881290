using Microsoft.Data.Sqlite;
using TinyForum.Data;
using TinyForum.Storage;
using static SQLitePCL.raw;

namespace TinyForum.Tests;

[TestClass]
public sealed class DatabaseTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [TestMethod]
    public async Task Writes_are_grouped_and_one_that_fails_is_undone_alone()
    {
        using var database = ForumDatabase.Open(null);
        var groups = new List<int>();
        database.Writer.Committed = groups.Add;
        using var writer = await HeldWriter.HoldAsync(database);
        var writes = Enumerable.Range(0, 200).Select(i => database.WriteAsync(c =>
        {
            c.Execute("INSERT INTO tags (name) VALUES ($name)", ("$name", $"t{i}"));
            return i % 10 == 0 ? throw new RefusalException(RefusalKind.Conflict, "no") : i;
        })).ToList();
        await writer.ReleaseAsync();
        await Task.WhenAll(writes.Where((_, i) => i % 10 != 0));
        foreach (var write in writes.Where((_, i) => i % 10 == 0))
            await Assert.ThrowsExactlyAsync<RefusalException>(() => write);
        Assert.AreEqual(180, database.Read(c => c.Number("SELECT count(*) FROM tags")));
        CollectionAssert.AreEqual((int[])[1, 200], groups);
    }

    [TestMethod]
    public async Task A_write_whose_author_was_erased_while_it_waited_is_refused_and_no_fault()
    {
        using var database = ForumDatabase.Open(null);
        var refusal = await Assert.ThrowsExactlyAsync<RefusalException>(() => database.WriteAsync(c => c.Execute("""
            INSERT INTO sessions (digest, user_id, created_at, last_used_at, ip, user_agent)
            VALUES (x'00', 4711, 0, 0, '', '')
            """)));
        Assert.AreEqual(RefusalKind.Conflict, refusal.Kind);
    }

    [TestMethod]
    public async Task What_is_put_off_to_the_commit_is_done_once_and_not_for_a_write_that_fails()
    {
        using var database = ForumDatabase.Open(null);
        using var writer = await HeldWriter.HoldAsync(database);
        var writes = Enumerable.Range(0, 20).Select(i => database.WriteAsync(c =>
        {
            c.BeforeCommit(c => c.Execute("INSERT INTO tags (name, threads) SELECT $name, count(*) FROM tags", ("$name", $"late{i}")));
            c.Execute("INSERT INTO tags (name) VALUES ($name)", ("$name", $"early{i}"));
            return i % 5 == 0 ? throw new RefusalException(RefusalKind.Conflict, "no") : i;
        })).ToList();
        await writer.ReleaseAsync();
        foreach (var write in writes.Where((_, i) => i % 5 == 0))
            Assert.AreEqual(RefusalKind.Conflict, (await Assert.ThrowsExactlyAsync<RefusalException>(() => write)).Kind);
        await Task.WhenAll(writes.Where((_, i) => i % 5 != 0));
        Assert.AreEqual(16, database.Read(c => c.Number("SELECT count(*) FROM tags WHERE name LIKE 'early%'")));
        Assert.AreEqual(16, database.Read(c => c.Number("SELECT count(*) FROM tags WHERE name LIKE 'late%'")));
        Assert.AreEqual(16, database.Read(c => c.Number("SELECT threads FROM tags WHERE name = 'late1'")), "after every other write of the group");
    }

    [TestMethod]
    public async Task A_lone_write_that_fails_leaves_nothing()
    {
        using var database = ForumDatabase.Open(null);
        await Assert.ThrowsExactlyAsync<RefusalException>(() => database.WriteAsync<int>(c =>
        {
            c.Execute("INSERT INTO tags (name) VALUES ('a')");
            c.BeforeCommit(c => c.Execute("INSERT INTO tags (name) VALUES ('b')"));
            throw new RefusalException(RefusalKind.Conflict, "no");
        }));
        await database.WriteAsync(c => c.Execute("INSERT INTO tags (name) VALUES ('c')"));
        CollectionAssert.AreEqual(new[] { "c" }, database.Read(c => c.All("SELECT name FROM tags", r => r.GetString(0))));
    }

    [TestMethod]
    public async Task More_writes_than_may_wait_are_refused_at_once_and_those_that_wait_are_done()
    {
        using var database = ForumDatabase.Open(null);
        using var writer = await HeldWriter.HoldAsync(database);
        var writes = Enumerable.Range(0, WriteQueue.MaxWaiting).Select(_ => database.WriteAsync(_ => { })).ToList();
        var refusal = await Assert.ThrowsExactlyAsync<RefusalException>(
            () => Task.Run(() => database.WriteAsync(_ => { })).WaitAsync(Patience));
        Assert.AreEqual(RefusalKind.Busy, refusal.Kind);
        await writer.ReleaseAsync();
        await Task.WhenAll(writes);
    }

    [TestMethod]
    public void A_database_that_another_process_makes_at_the_same_moment_is_made_once()
    {
        using var folder = new TemporaryFolder();
        using var connection = new Connection(folder["forum.db"], readOnly: false, TimeSpan.FromSeconds(5));
        var others = 0;
        sqlite3_trace(connection.Sqlite.Handle!, (_, statement) =>
        {
            if (statement.StartsWith("BEGIN", StringComparison.Ordinal) && others++ == 0)
                ForumDatabase.Open(folder["forum.db"]).Dispose(); // after the file was seen to be empty
        }, null);
        ForumDatabase.Schema.Apply(connection, folder["forum.db"], _ => { });
        Assert.AreEqual(1, others);
        Assert.AreEqual(2, connection.Number("SELECT count(*) FROM users"));
    }

    [TestMethod]
    public async Task A_new_database_can_be_read_by_its_owner_alone()
    {
        using var folder = new TemporaryFolder();
        using var database = ForumDatabase.Open(folder["forum.db"]);
        await database.WriteAsync(c => c.Execute("INSERT INTO tags (name) VALUES ('a')"));
        var files = Directory.GetFiles(folder.Path);
        Assert.HasCount(3, files);
        if (OperatingSystem.IsWindows())
            return;
        foreach (var file in files)
            Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file), file);
    }

    [TestMethod]
    public async Task The_writer_flushes_each_commit_overwrites_what_is_deleted_and_checks_references()
    {
        using var database = ForumDatabase.Open(null);
        const int Full = 2;
        var pragmas = ((string, int)[])[("synchronous", Full), ("secure_delete", 1), ("foreign_keys", 1), ("trusted_schema", 0)];
        foreach (var (pragma, value) in pragmas)
            Assert.AreEqual(value, await database.WriteAsync(c => c.Number($"PRAGMA {pragma}")), pragma);
    }

    [TestMethod]
    public async Task The_version_changes_with_every_commit_and_with_nothing_else()
    {
        using var database = ForumDatabase.Open(null);
        var before = database.Version();
        Assert.AreEqual(before, database.Version());
        await database.WriteAsync(c => c.Execute("INSERT INTO tags (name) VALUES ('a')"));
        Assert.AreNotEqual(before, database.Version());
    }

    [TestMethod]
    public async Task The_version_changes_with_every_commit_of_another_process_and_over_a_checkpoint()
    {
        using var database = ForumDatabase.Open(null);
        using var other = new SqliteConnection($"Data Source={database.Path};Pooling=False");
        other.Open();
        var seen = new HashSet<long> { database.Version() };
        foreach (var sql in Enumerable.Range(0, 300).Select(i => $"INSERT INTO tags (name) VALUES ('t{i}')"))
        {
            Run(sql);
            Assert.IsTrue(seen.Add(database.Version()), sql);
            if (seen.Count % 50 == 0)
                Run("PRAGMA wal_checkpoint(TRUNCATE)");
            await database.WriteAsync(c => c.Execute("UPDATE settings SET value = value + 1 WHERE name = 'falls'"));
            Assert.IsTrue(seen.Add(database.Version()), sql);
        }

        void Run(string sql)
        {
            using var command = other.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }
    }
}
