using FsCheck.Fluent;
using TinyForum.Data;
using TinyForum.Search;
using TinyForum.Storage;

namespace TinyForum.Tests;

/// <summary>Tags are looked up when they are searched for; nothing in the index of texts knows of them.</summary>
[TestClass]
public sealed class SearchTagTests
{
    private static readonly string[] Tags = ["all", "most", "few", "one"];

    private static readonly string[] Queries =
    [
        "common tag:all", "common tag:most", "common tag:few", "common tag:one", "tag:all", "tag:few", "common -tag:most", "tag:all -tag:few",
        "tag:all tag:most", "tag:few tag:most common", "scarce tag:all", "scarce tag:few", "scarce -tag:all", "author:ada tag:most", "tag:all -author:ada",
        "tag:none", "common tag:one -tag:most", "\"common word\" tag:most", "author:ada -tag:all", "common -scarce tag:few",
        "author:ada -scarce", "author:ada -common", "tag:all -common", "tag:few -common", "tag:most -scarce -tag:few", "author:ada tag:most -common",
        "tag:all -\"common word\" -author:ada",
    ];

    private sealed record Row(long Id, int Thread, bool IsByAda, bool IsCommon, bool IsScarce);

    [TestMethod]
    public void A_search_by_tags_finds_what_it_says_however_its_threads_lie_and_in_pages_of_any_size() => Prop.ForAll(
        Gen.Choose(0, int.MaxValue).ToArbitrary(), Gen.Choose(1, 30).ToArbitrary(), (seed, limit) =>
        {
            var random = new Random(seed);
            using var database = ForumDatabase.Open(null);
            var tags = Enumerable.Range(0, 150).Select(n => Tags.Where((_, t) => random.Next(1 << (3 * t)) == 0 || n == 0).ToArray()).ToArray();
            var rows = Fill(database, random, tags);
            for (var round = 0; round < 2; round++)
            {
                var search = new SearchIndex(database, timeLimit: TimeSpan.FromMinutes(1));
                foreach (var query in Queries)
                {
                    var found = Walk(search, query, limit);
                    Assert.AreEqual(found.Count, found.Distinct().Count(), query);
                    CollectionAssert.AreEquivalent(rows.Where(r => Matches(query, r, tags[r.Thread])).Select(r => r.Id).ToList(), found, query);
                }
                for (var i = 0; i < 30; i++) // their texts are not indexed again
                {
                    var thread = random.Next(tags.Length);
                    tags[thread] = [.. Tags.Where(_ => random.Next(2) == 0)];
                    database.WriteAsync(c => c.Retag(rows.First(r => r.Thread == thread).Id, tags[thread])).Wait();
                }
            }
        }).Holds(8);

    [TestMethod]
    public async Task Tags_change_for_all_replies_at_once_and_nothing_in_the_index_is_written_for_it()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        (await ada.PostAsync("/api/posts", new { title = "t", body = "word", tags = (string[])["old"] })).Is(201);
        for (var i = 0; i < 30; i++)
            (await ada.PostAsync("/api/posts/1/replies", new { body = "word" })).Is(201);
        var before = Segments();
        (await ada.PatchAsync("/api/posts/1", new { tags = (string[])["new"] })).Is(200);
        Assert.AreEqual(before, Segments());
        Assert.HasCount(31, forum.Server.Search.Find("word tag:new", 100).Items);
        Assert.IsEmpty(forum.Server.Search.Find("word tag:old").Items);
        (await ada.DeleteAsync("/api/posts/1")).Is(200);
        Assert.IsEmpty(forum.Server.Search.Find("tag:new").Items);
        (await ada.PostAsync("/api/posts/1/restore")).Is(200);
        Assert.HasCount(31, forum.Server.Search.Find("tag:new", 100).Items);

        string Segments() => string.Join(' ', forum.Database.Read(c => c.All(
            "SELECT id || '=' || hex(block) FROM search_data ORDER BY id", r => r.GetString(0))));
    }

    private static List<Row> Fill(Database database, Random random, string[][] tags)
    {
        var rows = new List<Row>();
        database.WriteAsync(c =>
        {
            c.Execute("INSERT INTO users (id, username, username_key, created_at) VALUES (2, 'ada', 'ada', 0)");
            var heads = new List<long>();
            for (var id = 1L; id <= 900; id++)
            {
                var isHead = heads.Count == 0 || (heads.Count < tags.Length && random.Next(5) == 0) || 900 - id < tags.Length - heads.Count;
                var thread = isHead ? heads.Count : random.Next(3) == 0 ? heads.Count - 1 : random.Next(heads.Count);
                var row = new Row(id, thread, random.Next(4) == 0, random.Next(3) > 0, random.Next(100) == 0);
                var body = $"{(row.IsCommon ? "common word " : "")}{(row.IsScarce ? "scarce" : "x")}";
                if (isHead)
                {
                    heads.Add(id);
                    c.Execute("INSERT INTO threads (id, author_id, title, last_post, pinned) VALUES ($id, $author, 't', $id, $pinned)",
                        ("$id", id), ("$author", row.IsByAda ? 2 : 1), ("$pinned", random.Next(10) == 0));
                }
                c.Execute("INSERT INTO posts (id, thread_id, number, author_id, body, created_at) VALUES ($id, $thread, $id, $author, $body, 0)",
                    ("$id", id), ("$thread", heads[thread]), ("$author", row.IsByAda ? 2 : 1), ("$body", body));
                c.Execute("UPDATE threads SET last_post = $id WHERE id = $thread", ("$id", id), ("$thread", heads[thread]));
                SearchIndex.PutNew(c, id, PostTokens.Of(isHead ? "t" : null, body), row.IsByAda ? 2 : 1, heads[thread]);
                rows.Add(row);
            }
            for (var i = 0; i < heads.Count; i++)
                c.Retag(heads[i], tags[i]);
        }).Wait();
        return rows;
    }

    private static bool Matches(string query, Row row, string[] tags) => query.Replace("common word", "common").Split(' ').All(part =>
    {
        var (isNot, what) = part[0] == '-' ? (true, part[1..]) : (false, part);
        var has = what.StartsWith("tag:", StringComparison.Ordinal) ? tags.Contains(what[4..])
            : what switch { "author:ada" => row.IsByAda, "scarce" => row.IsScarce, _ => row.IsCommon };
        return has != isNot;
    });

    private static List<long> Walk(SearchIndex search, string query, int limit)
    {
        var found = new List<long>();
        for (PagePosition? at = null; ;)
        {
            var page = search.Find(query, limit, at);
            Assert.IsFalse(page.IsPartial);
            found.AddRange(page.Items.Select(h => h.Post.Id));
            if (page.Next is null)
                return found;
            at = page.Next;
        }
    }
}
