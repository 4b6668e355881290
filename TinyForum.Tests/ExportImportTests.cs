using System.Text;
using System.Text.RegularExpressions;
using TinyForum.Data;
using TinyForum.Maintenance;
using TinyForum.Storage;

namespace TinyForum.Tests;

[TestClass]
public sealed class ExportImportTests
{
    [TestMethod]
    public async Task What_was_exported_and_imported_gives_the_same_answers()
    {
        await using var forum = await TestForum.StartAsync();
        await Population.FillAsync(forum);
        var before = await Population.EverythingAsync(forum);
        var text = Export(forum.Database);

        using var folder = new TemporaryFolder();
        using (var target = ForumDatabase.Open(folder["copy.db"]))
        {
            await Import(target, text);
            Assert.AreEqual(text, Export(target));
        }
        await using var copy = await TestForum.StartAsync(o => o with { Database = folder["copy.db"] });
        Assert.AreEqual(before, await Population.EverythingAsync(copy));
    }

    [TestMethod]
    public async Task Ids_that_were_given_out_are_not_given_out_again_after_an_import()
    {
        await using var forum = await TestForum.StartAsync();
        await forum.UserAsync("ada");
        var bob = await forum.UserAsync("bob");
        (await bob.DeleteAsync("/api/me", new { password = "secret" })).Is(200);
        using var target = ForumDatabase.Open(null);
        await Import(target, Export(forum.Database));
        Assert.AreEqual(3, target.Read(c => c.Number("SELECT seq FROM sqlite_sequence WHERE name = 'users'")));
    }

    [TestMethod]
    public async Task An_export_of_schema_1_is_read_too()
    {
        using var source = ForumDatabase.Open(null);
        using var target = ForumDatabase.Open(null);
        await source.ThreadAsync(1, "Soup", "onions");
        var text = Export(source);
        await Import(target, text.Replace($"\"schema\":{ForumDatabase.SchemaVersion}", "\"schema\":1", StringComparison.Ordinal));
        Assert.AreEqual(text, Export(target));
    }

    [TestMethod]
    public async Task What_an_older_export_has_and_nothing_needs_any_more_is_left_out()
    {
        await using var forum = await TestForum.StartAsync();
        await Population.FillAsync(forum);
        var text = Export(forum.Database);
        Assert.Contains("\"table\":\"reading\"", text);
        using var target = ForumDatabase.Open(null);
        await Import(target, Regex.Replace(text, "(\"table\":\"reading\".*)}}", "$1,\"seen\":7}}"));
        Assert.AreEqual(text, Export(target));
    }

    [TestMethod]
    public async Task What_an_older_export_lacks_is_made_of_the_rest()
    {
        await using var forum = await TestForum.StartAsync();
        await Population.FillAsync(forum);
        var text = Export(forum.Database);
        var older = text.Replace($"\"schema\":{ForumDatabase.SchemaVersion}", "\"schema\":4", StringComparison.Ordinal);
        older = Regex.Replace(older, ",\"skeleton\":(null|\"[^\"]*\")", "");
        Assert.IsGreaterThan(older.Length, text.Length);
        using var target = ForumDatabase.Open(null);
        await Import(target, older);
        Assert.AreEqual(text, Export(target));
    }

    [TestMethod]
    public void Every_table_is_exported_or_left_out_on_purpose()
    {
        using var database = ForumDatabase.Open(null);
        var tables = database.Read(c => c.All("""
            SELECT name
              FROM pragma_table_list
             WHERE schema = 'main'
               AND type IN ('table', 'virtual')
               AND name NOT IN ('sqlite_schema')
            """, r => r.GetString(0)));
        CollectionAssert.AreEquivalent(tables, ExportImport.Tables.Select(t => t.Name).Concat(ExportImport.LeftOut).ToList());
    }

    [TestMethod]
    [DataRow(1, "{\"format\":\"other\"}", "this is not a TinyForum export")]
    [DataRow(1, "{\"format\":\"tinyforum\",\"version\":1,\"schema\":999}", "the export is of schema 999, this TinyForum reads schema 1 to 10")]
    [DataRow(3, "not JSON", "'n")]
    [DataRow(3, "{\"table\":\"passwords\",\"row\":{}}", "there is no table \"passwords\"")]
    [DataRow(3, "{\"table\":\"tags\",\"row\":{\"id\":1,\"name\":\"a\"}}", "tags.threads is missing")]
    [DataRow(3, "{\"table\":\"tags\",\"row\":{\"id\":1,\"name\":\"a\",\"threads\":0,\"x\":1}}", "there is no tags.x")]
    [DataRow(3, "{\"table\":\"tags\",\"row\":{\"id\":1,\"name\":\"a\",\"threads\":[]}}", "a column can't hold []")]
    [DataRow(3, "{\"table\":\"tags\",\"row\":{\"id\":1,\"name\":\"a\",\"threads\":\"many\"}}", "cannot store TEXT")]
    [DataRow(3, "{\"table\":\"blocks\",\"row\":{\"user_id\":7,\"blocked_id\":8,\"created_at\":0}}", "FOREIGN KEY")]
    [DataRow(3, "{\"rows\":17}", "there should be 17 rows before this line")]
    public async Task A_line_at_fault_is_named_and_nothing_is_imported(int number, string line, string why)
    {
        using var source = ForumDatabase.Open(null);
        var lines = Export(source).TrimEnd('\n').Split('\n');
        lines[number - 1] = line;
        using var target = ForumDatabase.Open(null);
        var before = Export(target);
        var e = await Assert.ThrowsExactlyAsync<InvalidDataException>(() => Import(target, string.Join('\n', lines)));
        StringAssert.StartsWith(e.Message, $"line {number}: ", e.Message);
        StringAssert.Contains(e.Message, why, e.Message);
        Assert.AreEqual(before, Export(target));
    }

    [TestMethod]
    public async Task A_file_that_was_cut_off_is_refused_whole_and_can_be_tried_again()
    {
        await using var forum = await TestForum.StartAsync();
        await Population.FillAsync(forum);
        var lines = Export(forum.Database).TrimEnd('\n').Split('\n');
        using var target = ForumDatabase.Open(null);
        var e = await Assert.ThrowsExactlyAsync<InvalidDataException>(() => Import(target, string.Join('\n', lines[..^5])));
        Assert.AreEqual($"line {lines.Length - 4}: the file was cut off: its last line is missing", e.Message);
        Assert.AreEqual(lines.Length - 2, await Import(target, string.Join('\n', lines)));
    }

    [TestMethod]
    public async Task A_file_that_goes_on_or_contradicts_itself_is_refused()
    {
        using var source = ForumDatabase.Open(null);
        var text = Export(source);
        using var target = ForumDatabase.Open(null);
        StringAssert.EndsWith((await Assert.ThrowsExactlyAsync<InvalidDataException>(() => Import(target, text + text))).Message,
            "the file goes on after its end");
        var contradiction = text.Replace("\"posts\":0,", "\"posts\":5,", StringComparison.Ordinal)
            .Replace("\"id\":1,\"username\":\"system\"", "\"id\":9,\"username\":\"eve\"", StringComparison.Ordinal);
        StringAssert.Contains((await Assert.ThrowsExactlyAsync<InvalidDataException>(() => Import(target, contradiction))).Message,
            "user 9 says to have 5 posts");
    }

    [TestMethod]
    public async Task A_forum_that_someone_uses_is_no_place_to_import_into()
    {
        await using var forum = await TestForum.StartAsync();
        await forum.UserAsync("ada");
        var e = await Assert.ThrowsExactlyAsync<InvalidDataException>(() => Import(forum.Database, Export(forum.Database)));
        Assert.AreEqual("this forum is not empty: import into a new database", e.Message);
    }

    private static string Export(Database database)
    {
        using var output = new MemoryStream();
        database.Read(c => ExportImport.Export(c, output));
        return Encoding.UTF8.GetString(output.ToArray());
    }

    private static Task<long> Import(Database database, string text) => database.WriteAsync(c => ExportImport.Import(c, new StringReader(text)));
}
