using System.Threading.Channels;
using TinyForum.Data;
using TinyForum.Maintenance;
using TinyForum.Storage;

namespace TinyForum.Tests;

[TestClass]
public sealed class BackupTests(TestContext context)
{
    [TestMethod]
    public async Task A_backup_under_writes_is_a_sound_moment_of_the_forum()
    {
        using var folder = new TemporaryFolder();
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "t", body = "b" })).Is(201);
        using var enough = new CancellationTokenSource();
        var writing = Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
                (await ada.PostAsync("/api/posts/1/replies", new { body = new string('x', 2000) })).Is(201);
        });
        for (var i = 0; i < 5; i++)
            await Task.Run(() => Backup.Save(forum.Database.Path, folder["backup.db"], force: true), context.CancellationToken);
        await enough.CancelAsync();
        await writing;
        CollectionAssert.AreEqual((string[])[folder["backup.db"]], Directory.GetFiles(folder.Path));
        using var copy = ForumDatabase.Open(folder["backup.db"]);
        Assert.AreEqual("", string.Join('\n', copy.Read(c => IntegrityCheck.Run(c))));
    }

    [TestMethod]
    public void A_backup_that_is_cut_off_leaves_the_one_before_it()
    {
        using var folder = new TemporaryFolder();
        using var database = ForumDatabase.Open(folder["forum.db"]);
        File.WriteAllText(folder["backup.db"], "the one before");
        using var cut = new CancellationTokenSource();
        cut.Cancel();
        Assert.Throws<OperationCanceledException>(() => Backup.Save(database.Path, folder["backup.db"], force: true, null, cut.Token));
        Assert.AreEqual("the one before", File.ReadAllText(folder["backup.db"]));
        Assert.IsFalse(File.Exists(folder["backup.db.partial"]));
    }

    [TestMethod]
    public void Two_backups_to_one_file_do_not_mix()
    {
        using var folder = new TemporaryFolder();
        using var database = ForumDatabase.Open(folder["forum.db"]);
        using (UnfinishedFile.Begin(folder["backup.db"]))
            StringAssert.StartsWith(Assert.ThrowsExactly<DatabaseException>(() => Backup.Save(database.Path, folder["backup.db"])).Message,
                $"cannot write {folder["backup.db.partial"]}");
        Backup.Save(database.Path, folder["backup.db"]); // what was left by one that is gone is no hindrance
    }

    [TestMethod]
    public void A_damaged_database_gives_way_to_its_backup_and_leaves_it_no_log()
    {
        using var folder = new TemporaryFolder();
        using (var database = ForumDatabase.Open(folder["forum.db"]))
            Backup.Save(database.Path, folder["backup.db"]);
        File.WriteAllText(folder["forum.db"], new string('x', 5000));
        File.WriteAllText(folder["forum.db-wal"], "a log");
        var kept = Backup.Restore(folder["backup.db"], folder["forum.db"], new DateTimeOffset(2026, 1, 31, 9, 30, 0, TimeSpan.Zero));
        Assert.AreEqual(folder["forum.db.before-restore-20260131T093000000Z"], kept);
        Assert.AreEqual(5000, new FileInfo(kept!).Length);
        Assert.IsFalse(File.Exists(folder["forum.db-wal"]));
        ForumDatabase.Open(folder["forum.db"]).Dispose();
    }

    [TestMethod]
    [DataRow("-wal"), DataRow("-shm"), DataRow("-journal")]
    public void A_database_that_is_gone_leaves_its_backup_no_log(string log)
    {
        using var folder = new TemporaryFolder();
        using (var database = ForumDatabase.Open(folder["forum.db"]))
            Backup.Save(database.Path, folder["backup.db"]);
        File.Delete(folder["forum.db"]);
        File.WriteAllText(folder[$"forum.db{log}"], "a log");
        Assert.IsNull(Backup.Restore(folder["backup.db"], folder["forum.db"], DateTimeOffset.UtcNow));
        Assert.AreEqual("a log", File.ReadAllText(folder[$"forum.db.before-restore{log}"]));
        Assert.IsFalse(File.Exists(folder[$"forum.db{log}"]));
    }

    [TestMethod]
    public void A_damaged_backup_is_not_restored()
    {
        using var folder = new TemporaryFolder();
        using (var database = ForumDatabase.Open(folder["forum.db"]))
            Backup.Save(database.Path, folder["backup.db"]);
        var bytes = File.ReadAllBytes(folder["backup.db"]);
        bytes.AsSpan(3 * 4096, 4096).Fill(0x55);
        File.WriteAllBytes(folder["backup.db"], bytes);
        var e = Assert.ThrowsExactly<DatabaseException>(() => Backup.Restore(folder["backup.db"], folder["forum.db"], DateTimeOffset.UtcNow));
        StringAssert.Contains(e.Message, "damaged");
        CollectionAssert.AreEquivalent((string[])[folder["backup.db"], folder["forum.db"]], Directory.GetFiles(folder.Path));
    }

    [TestMethod]
    public async Task The_server_backs_up_on_time_keeps_as_many_as_it_should_and_touches_no_other_file()
    {
        using var folder = new TemporaryFolder();
        var time = new ManualTime();
        var told = Channel.CreateUnbounded<string>();
        Directory.CreateDirectory(folder["backups"]);
        string[] others = ["forum-20200101T000000Z.txt", "other-20200101T000000Z.db", "forum-2020.db", "forum.db"];
        foreach (var other in others)
            await File.WriteAllTextAsync(Path.Combine(folder["backups"], other), "");
        await File.WriteAllTextAsync(Path.Combine(folder["backups"], "forum-20200101T000000Z.db.partial"), ""); // a backup that was killed

        await using (await StartAsync())
        {
            await BackedUpAsync();
            for (var day = 0; day < 4; day++)
            {
                time.Advance(TimeSpan.FromHours(23));
                Assert.IsFalse(told.Reader.TryRead(out _), "too early");
                time.Advance(TimeSpan.FromHours(1));
                await BackedUpAsync();
            }
        }
        AssertFiles("forum-20260202T093000Z.db", "forum-20260203T093000Z.db", "forum-20260204T093000Z.db");

        time.Advance(TimeSpan.FromHours(20)); // while it is off
        await using (await StartAsync())
        {
            time.Advance(TimeSpan.FromHours(3));
            Assert.IsFalse(told.Reader.TryRead(out _), "a restart does not make it due");
            time.Advance(TimeSpan.FromHours(1));
            await BackedUpAsync();
        }
        AssertFiles("forum-20260203T093000Z.db", "forum-20260204T093000Z.db", "forum-20260205T093000Z.db");
        using var newest = ForumDatabase.Open(Path.Combine(folder["backups"], "forum-20260205T093000Z.db"));

        Task<ForumServer> StartAsync() => ForumServer.StartAsync(new ForumOptions
        {
            Listen = ["http://127.0.0.1:0"],
            Database = folder["forum.db"],
            TimeProvider = time,
            BackupEvery = TimeSpan.FromHours(24),
            BackupKeep = 3,
            Log = entry => told.Writer.TryWrite(entry.Message),
        });

        async Task BackedUpAsync() => StringAssert.StartsWith(await told.Reader.ReadAsync(context.CancellationToken), "backed up to " + folder["backups"]);

        void AssertFiles(params string[] own) =>
            CollectionAssert.AreEquivalent(own.Concat(others).ToList(), Directory.GetFiles(folder["backups"]).Select(f => Path.GetFileName(f)).ToList());
    }

    [TestMethod]
    public async Task Backups_of_a_clock_that_ran_ahead_put_off_no_other_and_take_the_place_of_none()
    {
        using var folder = new TemporaryFolder();
        var time = new ManualTime();
        var told = Channel.CreateUnbounded<string>();
        Directory.CreateDirectory(folder["backups"]);
        string[] ahead = ["forum-20260201T083000Z.db", "forum-20270131T093000Z.db", "forum-99991231T235959Z.db"]; // by 23 hours, and more
        foreach (var file in ahead)
            await File.WriteAllTextAsync(Path.Combine(folder["backups"], file), "");
        await using var forum = await TestForum.StartAsync(o => o with
        {
            Database = folder["forum.db"],
            TimeProvider = time,
            BackupEvery = TimeSpan.FromHours(24),
            BackupKeep = 1,
            Log = entry => told.Writer.TryWrite(entry.Message),
        });
        await AssertBackedUpAsync("forum-20260131T093000Z.db", ahead);
        for (var day = 1; day < 4; day++)
        {
            time.Advance(TimeSpan.FromHours(24) - TimeSpan.FromSeconds(1));
            Assert.IsFalse(told.Reader.TryRead(out _), "too early");
            time.Advance(TimeSpan.FromSeconds(1));
            await AssertBackedUpAsync($"forum-2026020{day}T093000Z.db", ahead[1..]); // the time of the first has come
        }

        async Task AssertBackedUpAsync(string newest, string[] others)
        {
            StringAssert.StartsWith(await told.Reader.ReadAsync(context.CancellationToken), "backed up to ");
            CollectionAssert.AreEquivalent(
                others.Append(newest).ToList(), Directory.GetFiles(folder["backups"]).Select(f => Path.GetFileName(f)).ToList());
        }
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true, DisplayName = "of a damaged database with its log")]
    public void Killed_at_any_moment_a_restore_leaves_the_old_database_or_the_new_one(bool isDamaged)
    {
        using var folder = new TemporaryFolder();
        Make(folder["new.db"], "new");
        Make(folder["forum.db"], "old");
        if (isDamaged)
        {
            File.WriteAllText(folder["forum.db"], new string('x', 5000));
            foreach (var suffix in (string[])["-wal", "-journal"])
                File.WriteAllText(folder["forum.db" + suffix], "a log");
        }
        var images = new List<TemporaryFolder>();
        var kept = Backup.Restore(folder["new.db"], folder["forum.db"], DateTimeOffset.UtcNow, step: Image);
        Image();
        Assert.HasCount(3, images);
        foreach (var (at, image) in images.Index())
        {
            if (isDamaged && at < images.Count - 1)
                Assert.AreEqual(5000, new FileInfo(image["forum.db"]).Length, "something is in its place");
            else
                Assert.AreEqual(at < images.Count - 1 ? "old" : "new", Tags(image["forum.db"]), $"at {at}");
            image.Dispose();
        }
        if (!isDamaged)
            Assert.AreEqual("old", Tags(kept!));

        void Image()
        {
            var image = new TemporaryFolder();
            foreach (var file in Directory.GetFiles(folder.Path).Where(f => !f.EndsWith(".partial", StringComparison.Ordinal))) // which is locked
                File.Copy(file, image[Path.GetFileName(file)]);
            images.Add(image);
        }
    }

    [TestMethod]
    public async Task A_restore_replaces_what_a_link_leads_to_and_leaves_it_its_owner_and_permissions()
    {
        using var folder = new TemporaryFolder();
        Make(folder["new.db"], "new");
        Make(folder["forum.db"], "old");
        File.CreateSymbolicLink(folder["link.db"], "forum.db");
        var isRoot = Environment.UserName == "root";
        if (isRoot)
            await Tool.RunAsync("chown", ["12:13", folder["forum.db"]]);
        await Tool.RunAsync("chmod", ["640", folder["forum.db"]]);
        var before = FileStatus.Of(folder["forum.db"])!.Value;
        var kept = Backup.Restore(folder["new.db"], folder["link.db"], DateTimeOffset.UtcNow);
        var after = FileStatus.Of(folder["forum.db"])!.Value;
        Assert.AreEqual((before.Owner, before.Group, before.Mode), (after.Owner, after.Group, after.Mode));
        Assert.AreEqual("forum.db", new FileInfo(folder["link.db"]).LinkTarget);
        Assert.AreEqual(("old", "new"), (Tags(kept!), Tags(folder["forum.db"])));
        if (!isRoot)
            return;
        Directory.CreateDirectory(folder["theirs"]);
        await Tool.RunAsync("chown", ["12:13", folder["theirs"]]);
        Assert.IsNull(Backup.Restore(folder["new.db"], folder["theirs/forum.db"], DateTimeOffset.UtcNow));
        ForumDatabase.Open(folder["theirs/made.db"]).Dispose();
        foreach (var file in (string[])["theirs/forum.db", "theirs/made.db"])
            Assert.AreEqual((12u, 13u), (FileStatus.Of(folder[file])!.Value.Owner, FileStatus.Of(folder[file])!.Value.Group), "of whom the folder is");
    }

    [TestMethod]
    public void A_finished_file_is_on_disk_before_it_takes_its_name()
    {
        using var folder = new TemporaryFolder();
        var wasFlushed = false;
        var stream = new FlushedFile(folder["x.partial"], () =>
        {
            Assert.IsFalse(File.Exists(folder["x"]));
            wasFlushed = true;
        });
        using (var file = new UnfinishedFile(stream, folder["x"], replaces: false))
        {
            stream.Write("text"u8);
            file.Finish();
        }
        Assert.IsTrue(wasFlushed);
        Assert.AreEqual("text", File.ReadAllText(folder["x"]));
    }

    [TestMethod]
    public async Task A_backup_is_of_the_moment_it_was_begun_at_however_much_is_written_meanwhile()
    {
        using var folder = new TemporaryFolder();
        using var database = ForumDatabase.Open(folder["forum.db"]);
        await database.WriteAsync(c => c.Execute("INSERT INTO settings VALUES ('ballast', zeroblob(32 * 1024 * 1024))"));
        var saving = Task.Run(() => Backup.Save(database.Path, folder["backup.db"]), context.CancellationToken);
        SpinWait.SpinUntil(() => saving.IsCompleted || new FileInfo(folder["backup.db.partial"]) is { Exists: true, Length: > 0 });
        await database.WriteAsync(c => c.Execute("INSERT INTO tags (name) VALUES ('late')"));
        await saving;
        using var copy = ForumDatabase.Open(folder["backup.db"]);
        Assert.AreEqual(0, copy.Read(c => c.Number("SELECT count(*) FROM tags")));
    }

    [TestMethod]
    [DataRow(24 * 60, 10)]
    [DataRow(2, 2, DisplayName = "sooner where backups are made more often")]
    public async Task A_backup_that_fails_is_told_and_tried_again(int everyMinutes, int retryMinutes)
    {
        using var folder = new TemporaryFolder();
        var time = new ManualTime();
        var told = Channel.CreateUnbounded<string>();
        await File.WriteAllTextAsync(folder["backups"], "a file where the folder should be");
        await using var forum = await TestForum.StartAsync(o => o with
        {
            Database = folder["forum.db"],
            TimeProvider = time,
            BackupEvery = TimeSpan.FromMinutes(everyMinutes),
            Log = entry => told.Writer.TryWrite(entry.Message),
        });
        StringAssert.StartsWith(await told.Reader.ReadAsync(context.CancellationToken), "the backup failed: ");
        File.Delete(folder["backups"]);
        time.Advance(TimeSpan.FromMinutes(retryMinutes));
        StringAssert.StartsWith(await told.Reader.ReadAsync(context.CancellationToken), "backed up to ");
    }

    private static void Make(string path, string tag)
    {
        using var database = ForumDatabase.Open(path);
        database.WriteAsync(c => c.Execute("INSERT INTO tags (name) VALUES ($tag)", ("$tag", tag))).Wait(CancellationToken.None);
    }

    private static string Tags(string path)
    {
        using var database = ForumDatabase.Open(path);
        return string.Join(' ', database.Read(c => c.All("SELECT name FROM tags", r => r.GetString(0))));
    }

    private sealed class FlushedFile(string path, Action toDisk) : FileStream(path, FileMode.CreateNew)
    {
        public override void Flush(bool flushToDisk)
        {
            base.Flush(flushToDisk);
            if (flushToDisk)
                toDisk();
        }
    }
}
