using TinyForum.Data;
using TinyForum.Storage;

namespace TinyForum.Tests;

/// <summary>What a file that is made out of a database may replace, and how it gets its name.</summary>
[TestClass]
public sealed class UnfinishedFileTests
{
    [TestMethod]
    [DataRow("forum.db", "{0}/forum.db is the database itself")]
    [DataRow("./d/../forum.db", "{0}/forum.db is the database itself")]
    [DataRow("link.db", "{0}/link.db is the database itself")]
    [DataRow("link of link.db", "{0}/link of link.db is the database itself")]
    [DataRow("d/linked folder/forum.db", "{0}/d/linked folder/forum.db is the database itself")]
    [DataRow("hard.db", "{0}/hard.db is the database itself")]
    [DataRow("forum.db-wal", "{0}/forum.db-wal is a part of the database {0}/link.db")]
    [DataRow("forum.db-shm", "{0}/forum.db-shm is a part of the database {0}/link.db")]
    [DataRow("forum.db-journal", "{0}/forum.db-journal is a part of the database {0}/link.db", DisplayName = "not there, but SQLite's all the same")]
    [DataRow("d/linked folder/forum.db-journal", "{0}/d/linked folder/forum.db-journal is a part of the database {0}/link.db")]
    [DataRow("link to journal", "{0}/link to journal is a part of the database {0}/link.db")]
    [DataRow("hard.log", "{0}/hard.log is a part of the database {0}/link.db")]
    [DataRow("link.db-wal", "{0}/link.db-wal is a part of the database {0}/link.db")]
    [DataRow("other.db", "{0}/other.db is in use: stop the server first")]
    [DataRow("other.db-wal", "{0}/other.db-wal is a part of the database {0}/other.db")]
    [DataRow("linked", "{0}/linked.partial is the database itself", DisplayName = "its name while unfinished is a link to the database")]
    [DataRow("x", "cannot write {0}/x.partial: what is there is not a file of that name alone")]
    [DataRow("left.db", "cannot write {0}/left.db: {0}/left.db-wal was left by a database of that name, and SQLite would take it for the new file's")]
    [DataRow("d", "cannot write {0}/d: it is a folder")]
    [DataRow("pipe", "cannot write {0}/pipe: it is not a regular file")]
    [DataRow("loop", "{0}/loop: too many symbolic links, or a circle of them")]
    [DataRow("none/x", "cannot write {0}/none/x.partial: Could not find a part of the path '{0}/none/x.partial'.")]
    [OSCondition(OperatingSystems.Linux)]
    public async Task Not_even_by_force_is_that_replaced_which_must_stay(string file, string why)
    {
        using var folder = new TemporaryFolder();
        using var database = ForumDatabase.Open(folder["forum.db"]);
        using var other = ForumDatabase.Open(folder["other.db"]);
        Directory.CreateDirectory(folder["d"]);
        foreach (var (link, target) in ((string, string)[])
            [("link.db", "forum.db"), ("link of link.db", "link.db"), ("d/linked folder", ".."), ("link to journal", "forum.db-journal"),
                ("linked.partial", "forum.db"), ("loop", "loop"), ("x.partial", "target")])
            File.CreateSymbolicLink(folder[link], target);
        await File.WriteAllTextAsync(folder["target"], "");
        await File.WriteAllTextAsync(folder["left.db-wal"], "");
        await Tool.RunAsync("ln", [folder["forum.db"], folder["hard.db"]]);
        await Tool.RunAsync("ln", [folder["forum.db-wal"], folder["hard.log"]]);
        await Tool.RunAsync("mkfifo", [folder["pipe"]]);
        var before = Directory.GetFileSystemEntries(folder.Path);
        var e = Assert.ThrowsExactly<DatabaseException>(() => UnfinishedFile.BeginOutput(folder[file], folder["link.db"], force: true).Dispose());
        Assert.AreEqual(string.Format(why, folder.Path), e.Message);
        CollectionAssert.AreEquivalent(before, Directory.GetFileSystemEntries(folder.Path));
        await database.WriteAsync(c => c.Execute("INSERT INTO tags (name) VALUES ('still there')"));
        await other.WriteAsync(c => c.Execute("INSERT INTO tags (name) VALUES ('still there')"));
    }

    [TestMethod]
    [DataRow("there")]
    [DataRow("dangling")]
    public void Without_force_nothing_is_replaced(string file)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["there"], "");
        File.CreateSymbolicLink(folder["dangling"], "nothing");
        var e = Assert.ThrowsExactly<DatabaseException>(() => UnfinishedFile.BeginOutput(folder[file], folder["forum.db"], force: false));
        Assert.AreEqual($"{folder[file]} exists already; --force replaces it", e.Message);
    }

    [TestMethod]
    public void A_file_that_comes_to_be_meanwhile_is_not_replaced()
    {
        using var folder = new TemporaryFolder();
        using (var file = UnfinishedFile.BeginOutput(folder["x"], folder["forum.db"], force: true))
        {
            File.WriteAllText(folder["x"], "of another");
            Assert.Throws<IOException>(file.Finish);
        }
        Assert.AreEqual("of another", File.ReadAllText(folder["x"]));
        CollectionAssert.AreEqual((string[])[folder["x"]], Directory.GetFiles(folder.Path));
    }
}
