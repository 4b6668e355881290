using FsCheck.Fluent;
using TinyForum.Data;
using TinyForum.Maintenance;
using TinyForum.Search;
using TinyForum.Storage;

namespace TinyForum.Tests;

[TestClass]
public sealed class SearchTests
{
    private static (Database Database, SearchIndex Search) Open()
    {
        var database = ForumDatabase.Open(null);
        return (database, new SearchIndex(database));
    }

    private static long[] Find(SearchIndex search, string text, int limit = 100) => [.. search.Find(text, limit).Items.Select(h => h.Post.Id)];

    private static Task AddRepliesAsync(Database database, long thread, int count, Func<string> body) => database.WriteAsync(c =>
    {
        for (var i = 0; i < count; i++)
        {
            var text = body();
            c.Execute("INSERT INTO posts (id, thread_id, number, author_id, body, created_at) VALUES ($id, $thread, $id, 1, $body, $id)",
                ("$id", thread + 1 + i), ("$thread", thread), ("$body", text));
            SearchIndex.PutNew(c, thread + 1 + i, PostTokens.Of(null, text), 1, thread);
        }
        c.Execute("UPDATE threads SET last_post = $last WHERE id = $thread", ("$last", thread + count), ("$thread", thread));
    });

    private static List<long> Walk(SearchIndex search, string text, int limit, Action? between = null)
    {
        var found = new List<long>();
        for (PagePosition? at = null; ;)
        {
            var page = search.Find(text, limit, at);
            found.AddRange(page.Items.Select(h => h.Post.Id));
            if (page.Next is null)
                return found;
            at = page.Next;
            between?.Invoke();
        }
    }

    [TestMethod]
    public async Task A_result_has_the_post_as_it_is_elsewhere_and_an_excerpt()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        var thread = (await ada.PostAsync("/api/posts", new { title = "Soup", body = "with *many*\nonions", tags = new[] { "food" } })).Is(201);
        var reply = (await ada.PostAsync($"/api/posts/{thread["post.id"]}/replies", new { body = "Onions? No!" })).Is(201);
        var answer = (await ada.GetAsync("/api/search?q=ONIONS%20tag%3Afood%20author%3Aada")).Is(200, "success");
        var results = answer["results"]!.AsArray().ToDictionary(r => (long)r!["post"]!["id"]!, r => r!);
        Assert.HasCount(2, results);
        foreach (var id in new[] { (long)thread["post.id"]!, (long)reply["post.id"]! })
            Assert.AreEqual((await ada.GetAsync($"/api/posts/{id}"))["post"]!.ToJsonString(), results[id]["post"]!.ToJsonString());
        Assert.AreEqual("with *many* onions", (string?)results[(long)thread["post.id"]!]["excerpt"]);
        Assert.IsNull(answer["next"]);
        var anonymous = (await forum.Client().GetAsync("/api/search?q=onions")).Is(200);
        Assert.IsNull(anonymous["results.0.post.liked"]);
    }

    [TestMethod]
    public async Task What_is_written_is_found_and_what_is_deleted_is_not()
    {
        await using var forum = await TestForum.StartAsync();
        var ada = await forum.UserAsync("ada");
        var thread = (long)(await ada.PostAsync("/api/posts", new { title = "Soup", body = "onions", tags = new[] { "old" } })).Is(201)["post.id"]!;
        var reply = (long)(await ada.PostAsync($"/api/posts/{thread}/replies", new { body = "onions" })).Is(201)["post.id"]!;
        (await ada.PatchAsync($"/api/posts/{reply}", new { body = "leeks" })).Is(200);
        await FindsAsync("onions", thread);
        await FindsAsync("leeks", reply);
        (await ada.PatchAsync($"/api/posts/{thread}", new { tags = new[] { "new" } })).Is(200);
        await FindsAsync("tag:old");
        await FindsAsync("leeks tag:new", reply);
        (await ada.DeleteAsync($"/api/posts/{reply}")).Is(200);
        await FindsAsync("leeks");
        (await ada.PostAsync($"/api/posts/{reply}/restore")).Is(200);
        await FindsAsync("leeks", reply);
        (await ada.DeleteAsync($"/api/posts/{thread}")).Is(200);
        await FindsAsync("leeks");
        await FindsAsync("soup");
        (await ada.PostAsync($"/api/posts/{thread}/restore")).Is(200);
        await FindsAsync("leeks", reply);
        await FindsAsync("soup onions", thread);

        async Task FindsAsync(string query, params long[] posts) => CollectionAssert.AreEquivalent(posts,
            (await ada.GetAsync($"/api/search?q={Uri.EscapeDataString(query)}")).Is(200)["results"]!.AsArray()
                .Select(r => (long)r!["post"]!["id"]!).ToArray(), query);
    }

    [TestMethod]
    public async Task A_search_is_paged_by_a_cursor_that_is_good_for_it_alone()
    {
        await using var forum = await TestForum.StartAsync();
        for (var i = 0; i < 5; i++)
            await forum.Database.ThreadAsync(1, "title", $"word {i}");
        var client = forum.Client();
        var first = (await client.GetAsync("/api/search?q=word&limit=3")).Is(200);
        var second = (await client.GetAsync($"/api/search?q=word&limit=3&cursor={first["next"]}")).Is(200);
        Assert.IsNull(second["next"]);
        CollectionAssert.AreEquivalent(new long[] { 1, 2, 3, 4, 5 },
            first["results"]!.AsArray().Concat(second["results"]!.AsArray()).Select(r => (long)r!["post"]!["id"]!).ToArray());
        (await client.GetAsync($"/api/search?q=words&cursor={first["next"]}")).IsInvalid("cursor");
        (await client.GetAsync("/api/search?q=word&cursor=x")).IsInvalid("cursor");
    }

    [TestMethod]
    [DataRow("", "is required"), DataRow("?q=", null), DataRow("?q=%20", null), DataRow("?q=!!", null), DataRow("?q=-word", null)]
    public async Task A_search_for_nothing_is_refused(string query, string? why)
    {
        await using var forum = await TestForum.StartAsync();
        (await forum.Client().GetAsync($"/api/search{query}")).IsInvalid("q", why);
    }

    [TestMethod]
    public async Task Threads_and_replies_are_found_by_words_in_any_script()
    {
        var (database, search) = Open();
        using var _ = database;
        var thread = await database.ThreadAsync(1, "Crème brûlée", "Сахар и огонь");
        var reply = await database.ReplyAsync(1, thread, "我喜欢东京的拉面");
        CollectionAssert.AreEqual(new[] { thread }, Find(search, "creme САХАР"));
        CollectionAssert.AreEqual(new[] { reply }, Find(search, "京"));
        CollectionAssert.AreEqual(new[] { reply }, Find(search, "喜欢东京"));
        Assert.IsEmpty(Find(search, "京东"));
        Assert.IsEmpty(Find(search, "creme -огонь"));
        Assert.AreEqual("我喜欢东京的拉面", search.Find("拉面").Items[0].Excerpt);
    }

    [TestMethod]
    public async Task Authors_and_tags_narrow_a_search_replies_included()
    {
        var (database, search) = Open();
        using var _ = database;
        await database.WriteAsync(c => c.Execute(
            "INSERT INTO users (id, username, username_key, created_at) VALUES (2, 'Ada', 'ada', 0), (3, 'bob', 'bob', 0)"));
        var a = await database.ThreadAsync(2, "One", "word", ["c-sharp", "c"], at: 3);
        var b = await database.ReplyAsync(3, a, "word", at: 2);
        var c = await database.ThreadAsync(3, "Two", "word", ["c"], at: 1);
        CollectionAssert.AreEquivalent(new[] { a }, Find(search, "word author:ada"));
        CollectionAssert.AreEquivalent(new[] { b, c }, Find(search, "word -author:@ADA"));
        foreach (var minus in "－﹣−")
            CollectionAssert.AreEquivalent(new[] { b, c }, Find(search, $"word {minus}author:ada"));
        CollectionAssert.AreEquivalent(new[] { a, b, c }, Find(search, "author:ada author:bob"));
        CollectionAssert.AreEquivalent(new[] { a, b, c }, Find(search, "tag:c"));
        CollectionAssert.AreEquivalent(new[] { a, b }, Find(search, "tag:c tag:C-Sharp"));
        CollectionAssert.AreEquivalent(new[] { c }, Find(search, "word tag:c -tag:c-sharp"));
        CollectionAssert.AreEquivalent(new[] { b }, Find(search, "tag:c-sharp author:bob"));
        CollectionAssert.AreEquivalent(new[] { a, b, c }, Find(search, "word -author:nobody -tag:none"));
        foreach (var nothing in new[] { "author:nobody", "word author:deleted", "word tag:none", "word tag:!", "\uE0002", "2", "sharp" })
            Assert.IsEmpty(Find(search, nothing), nothing);
    }

    [TestMethod]
    public async Task Edits_and_new_tags_are_found_at_once_and_what_is_hidden_is_not()
    {
        var (database, search) = Open();
        using var _ = database;
        var thread = await database.ThreadAsync(1, "Title", "before");
        var reply = await database.ReplyAsync(1, thread, "answer");
        await database.WriteAsync(c =>
        {
            SearchIndex.Put(c, thread, PostTokens.Of("Title", "after"));
            c.Execute("UPDATE posts SET body = 'after' WHERE number = 0");
            c.Retag(thread, "new");
        });
        Assert.IsEmpty(Find(search, "before"));
        CollectionAssert.AreEqual(new[] { thread }, Find(search, "title after"));
        CollectionAssert.AreEquivalent(new[] { thread, reply }, Find(search, "tag:new"));
        await database.HideAsync(thread);
        Assert.IsEmpty(Find(search, "after"));
        Assert.IsEmpty(Find(search, "answer"), "a reply to a hidden thread");
        await database.WriteAsync(c =>
        {
            c.Execute("UPDATE threads SET deleted = 0");
            c.Execute("UPDATE posts SET deleted_at = NULL, deleted_by = NULL, deleted_as = NULL");
            SearchIndex.Put(c, thread, PostTokens.Of("Title", "after"));
        });
        CollectionAssert.AreEqual(new[] { thread }, Find(search, "after"));
        CollectionAssert.AreEqual(new[] { reply }, Find(search, "answer"));
    }

    [TestMethod]
    public async Task The_best_match_comes_first_and_of_equals_the_newer()
    {
        var (database, search) = Open();
        using var _ = database;
        var often = await database.ThreadAsync(1, "Apples", "apple apple and more of it");
        var title = await database.ThreadAsync(1, "The apple", "is a fruit");
        var once = await database.ThreadAsync(1, "Fruit", "an apple, a pear, a cherry and others");
        var recent = await database.ThreadAsync(1, "Fruit", "an apple, a pear, a cherry and others");
        CollectionAssert.AreEqual(new[] { title, often, recent, once }, Find(search, "apple"));
    }

    [TestMethod]
    public async Task A_new_post_is_ahead_of_a_slightly_better_match_but_not_of_a_far_better_one_until_it_is_old_itself()
    {
        var (database, search) = Open();
        using var _ = database;
        var title = await database.ThreadAsync(1, "The apple", "is a fruit that one can eat as it is");
        var shorter = await database.ThreadAsync(1, "Fruit", "an apple, a pear and others");
        await LeaveGapAsync(1_000);
        var longer = await database.ThreadAsync(1, "Fruit", "an apple, a pear, a cherry, a plum and others");
        CollectionAssert.AreEqual(new[] { title, longer, shorter }, Find(search, "apple"));
        await LeaveGapAsync(100_000);
        CollectionAssert.AreEqual(new[] { title, shorter, longer }, Find(search, "apple"));

        // How new a post is, is how many have come since. One of a high number stands for as many.
        Task LeaveGapAsync(long id) => database.WriteAsync(c => c.Execute(
            "INSERT INTO posts (id, thread_id, number, author_id, body, created_at) VALUES ($id, 1, $id, 1, 'x', 0)", ("$id", id)));
    }

    [TestMethod]
    public async Task A_rare_word_weighs_more_than_a_common_one()
    {
        var (database, search) = Open();
        using var _ = database;
        for (var i = 0; i < 50; i++)
            await database.ThreadAsync(1, "x", "common");
        var common = await database.ThreadAsync(1, "x", "common common common rare");
        var rare = await database.ThreadAsync(1, "x", "rare rare rare common");
        await database.ThreadAsync(1, "x", "common");
        CollectionAssert.AreEqual(new[] { rare, common }, Find(search, "common rare"));
    }

    [TestMethod]
    public async Task How_common_a_word_is_is_estimated_where_it_is_too_common_to_be_counted()
    {
        var (database, search) = Open();
        using var _ = database;
        var thread = await database.ThreadAsync(1, "x", "x");
        var count = 0;
        await AddRepliesAsync(database, thread, 400, () => count++ % 4 == 0 ? "common rarer" : "common");
        var rarer = await database.ThreadAsync(1, "x", "rarer rarer rarer common");
        var common = await database.ThreadAsync(1, "x", "common common common rarer");
        CollectionAssert.AreEqual(new[] { rarer, common }, Find(search, "common rarer", limit: 500).Where(id => id >= rarer).ToArray());
    }

    [TestMethod]
    public async Task A_walk_through_several_windows_finds_each_post_once_though_others_write()
    {
        var (database, search) = Open();
        using var _ = database;
        var random = new Random(1);
        var thread = await database.ThreadAsync(1, "x", "word");
        var posts = new List<long> { thread };
        await AddRepliesAsync(database, thread, 2 * SearchIndex.WindowSize + 50, () => string.Concat(Enumerable.Repeat("word other ", random.Next(1, 5))));
        posts.AddRange(Enumerable.Range(1, 2 * SearchIndex.WindowSize + 50).Select(i => thread + i));
        var hidden = new HashSet<long>();
        var found = Walk(search, "word", 99, () =>
        {
            database.ReplyAsync(1, thread, "word word word new").Wait(CancellationToken.None);
            for (var i = 0; i < 5; i++)
            {
                var victim = posts[random.Next(1, posts.Count)];
                hidden.Add(victim);
                database.HideAsync(victim).Wait(CancellationToken.None);
            }
        });
        Assert.AreEqual(found.Count, found.Distinct().Count(), "no post twice");
        Assert.IsEmpty(posts.Except(hidden).Except(found), "no post left out");
        Assert.IsEmpty(found.Except(posts), "no post of after the beginning");
        CollectionAssert.AreEqual(posts.Except(hidden).Order().ToList(), Walk(search, "word", 100).Where(posts.Contains).Order().ToList());
    }

    [TestMethod]
    public async Task The_replies_of_a_deleted_thread_are_not_found_and_hide_nothing_behind_them()
    {
        var (database, search) = Open();
        using var _ = database;
        var older = await database.ThreadAsync(1, "x", "word");
        var deleted = await database.ThreadAsync(1, "x", "word");
        await AddRepliesAsync(database, deleted, 2 * SearchIndex.WindowSize + 50, () => "word word");
        Assert.AreEqual(deleted + 2 * SearchIndex.WindowSize + 50, Find(search, "word").Max());
        await database.HideAsync(deleted);
        CollectionAssert.AreEqual(new[] { older }, Find(search, "word"));
        Assert.IsNull(search.Find("word", 1).Next);
    }

    [TestMethod]
    public void Pages_of_any_size_make_the_same_list() => Prop.ForAll(
        Gen.Choose(1, 12).ArrayOf().ToArbitrary(), Gen.Choose(1, 7).ToArbitrary(), (words, limit) =>
        {
            var (database, search) = Open();
            using var _ = database;
            foreach (var n in words)
                database.ThreadAsync(1, "title", string.Concat(Enumerable.Repeat("word 词 ", n))).Wait();
            foreach (var query in new[] { "word", "word 词", "author:system" })
                CollectionAssert.AreEqual(words.Length == 0 ? [] : Find(search, query), Walk(search, query, limit));
        }).Holds(20);

    [TestMethod]
    public void Whatever_is_typed_is_answered_or_refused_in_words()
    {
        var (database, search) = Open();
        using var _ = database;
        database.ThreadAsync(1, "title", "AND OR NOT NEAR title:body * ^ \" ' ( )", ["tag"]).Wait();
        string[] pieces =
            ["\"", "'", "(", ")", "*", "^", "-", "+", ":", "NEAR(a b)", "AND", "OR", "NOT", "title:",
            "author:", "tag:", "system", "tag", "\0", "\uD800", "\uE000", "论", " "];
        Prop.ForAll(Gen.Elements(pieces).ListOf().ToArbitrary(), list =>
        {
            try
            {
                search.Find(string.Concat(list));
            }
            catch (RefusalException e) when (e.Kind == RefusalKind.Invalid && e.Errors!.ContainsKey("q"))
            {
            }
        }).Holds();
    }

    [TestMethod]
    public async Task A_search_that_runs_out_of_time_says_so_and_shows_what_it_found_until_then()
    {
        await using var slow = await TestForum.StartAsync(o => o with { SearchTime = TimeSpan.Zero });
        await using var quick = await TestForum.StartAsync();
        foreach (var forum in (TestForum[])[slow, quick])
        {
            for (var i = 0; i < 200; i++)
                await forum.Database.ThreadAsync(1, "x", "word");
        }
        var partial = (await slow.Client().GetAsync("/api/search?q=word")).Is(200, "success");
        Assert.IsTrue((bool?)partial["partial"]);
        Assert.IsLessThan(200, partial["results"]!.AsArray().Count);
        Assert.IsNull((await quick.Client().GetAsync("/api/search?q=word")).Is(200, "success")["partial"]);
    }

    [TestMethod]
    public async Task The_next_page_of_a_search_that_ran_out_of_time_goes_on_where_it_had_got_to()
    {
        using var database = ForumDatabase.Open(null);
        var thread = await database.ThreadAsync(1, "x", "word");
        await AddRepliesAsync(database, thread, 2_000, () => "word");
        var search = new SearchIndex(database, timeLimit: TimeSpan.Zero);
        var (found, pages) = (new List<long>(), 1);
        for (var page = search.Find("word", 100); page.Next is not null; page = search.Find("word", 100, page.Next), pages++)
        {
            Assert.IsTrue(page.IsPartial);
            found.AddRange(page.Items.Select(h => h.Post.Id));
        }
        Assert.IsGreaterThan(2, pages, "else the test shows nothing");
        CollectionAssert.AreEquivalent(Enumerable.Range(0, found.Count).Select(i => thread + 2_000 - i).ToList(), found, "the newest, each once");
    }

    [TestMethod]
    public async Task Past_the_searches_that_run_and_wait_a_further_one_is_told_to_come_back_and_none_holds_a_thread_of_the_pool()
    {
        await using var forum = await TestForum.StartAsync();
        await forum.Database.ThreadAsync(1, "x", "word");
        var searches = forum.Server.Forum.Searches;
        using var gate = new ManualResetEventSlim();
        var holding = new List<Task<bool>>();
        while (searches.Running + searches.Queued < 5 * 2 * Environment.ProcessorCount)
            holding.Add(searches.RunAsync(() =>
            {
                gate.Wait(CancellationToken.None);
                return Thread.CurrentThread.IsThreadPoolThread;
            }));
        var refused = (await forum.Client().GetAsync("/api/search?q=word")).Is(503, "the server is busy, try again later");
        Assert.AreEqual("2", refused.Header("Retry-After"));
        (await forum.Client().GetAsync("/api/posts")).Is(200, "success");
        (await forum.Client().GetAsync("/api/search?q=%20")).IsInvalid("q");
        gate.Set();
        Assert.IsFalse((await Task.WhenAll(holding)).Any(pooled => pooled));
        (await forum.Client().GetAsync("/api/search?q=word")).Is(200, "success");
    }

    [TestMethod]
    public async Task Searches_and_pages_of_lists_do_not_wait_for_each_other()
    {
        await using var forum = await TestForum.StartAsync();
        await forum.Database.ThreadAsync(1, "x", "word");
        var end = new TaskCompletionSource<bool>();
        var pages = forum.Server.Forum.Pages.RunAsync(int.MaxValue, () => end.Task, CancellationToken.None);
        (await forum.Client().GetAsync("/api/search?q=word")).Is(200, "success");
        end.SetResult(true);
        Assert.IsTrue(await pages);
    }

    [TestMethod]
    public async Task More_threads_of_a_tag_than_are_looked_up_at_a_time_are_walked_through()
    {
        var (database, search) = Open();
        using var _ = database;
        var ids = new List<long>();
        for (var i = 0; i < 600; i++)
            ids.Add(await database.ThreadAsync(1, "x", i % 2 == 0 ? "word" : "other", ["tag"]));
        var even = ids.Where((_, i) => i % 2 == 0).ToList();
        CollectionAssert.AreEquivalent(even, Walk(search, "word tag:tag", 100));
        CollectionAssert.AreEquivalent(ids, Walk(search, "tag:tag", 100));
        CollectionAssert.AreEquivalent(ids, Walk(search, "tag:tag", 7));
        CollectionAssert.AreEquivalent(even, Walk(search, "tag:tag -other", 100));
        CollectionAssert.AreEquivalent(even, Walk(search, "tag:tag -other -absent -author:deleted", 7));
        Assert.IsEmpty(Walk(search, "tag:tag -x", 100));
        // Once all threads have newer posts than the walk began with, they are too many: the posts are walked through.
        CollectionAssert.AreEquivalent(even, Walk(search, "tag:tag -other -author:deleted", 20, () =>
            database.WriteAsync(c => c.Execute("UPDATE threads SET last_post = 1000000 + id")).Wait(CancellationToken.None)));
        var plan = Plan(database, "p.deleted_at IS NULL", "$excluded", "$high", "$low", "$limit", "$tag", "$others", "$none");
        StringAssert.StartsWith(plan[0], "SEARCH p USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)");
        Assert.IsTrue(plan.Exists(line => line.StartsWith("SCAN search VIRTUAL TABLE INDEX", StringComparison.Ordinal)), string.Join('\n', plan));
        Assert.IsFalse(plan.Exists(line => line.Contains("B-TREE", StringComparison.Ordinal)), string.Join('\n', plan));
    }

    [TestMethod]
    public async Task A_word_may_be_excluded_from_what_an_author_or_a_tag_has()
    {
        await using var forum = await TestForum.StartAsync();
        var (ja, bob) = (await forum.UserAsync("ja"), await forum.UserAsync("bob"));
        foreach (var (client, body) in ((TestClient, string)[])[(ja, "hay"), (ja, "a needle"), (bob, "hay")])
            (await client.PostAsync("/api/posts", new { title = "x", body, tags = (string[])["t"] })).Is(201);
        await FindsAsync("author:ja -needle", 1);
        await FindsAsync("-needle author:ja", 1);
        await FindsAsync("tag:t -needle", 1, 3);
        await FindsAsync("tag:t author:ja -hay", 2);
        await FindsAsync("tag:t -\"a needle\" -author:bob", 1);
        (await ja.GetAsync("/api/search?q=-needle")).IsInvalid("q");

        async Task FindsAsync(string query, params long[] posts) => CollectionAssert.AreEquivalent(posts,
            (await ja.GetAsync($"/api/search?q={Uri.EscapeDataString(query)}")).Is(200)["results"]!.AsArray()
                .Select(r => (long)r!["post"]!["id"]!).ToArray(), query);
    }

    [TestMethod]
    public async Task The_excerpt_shows_the_rarest_word_of_the_query()
    {
        var (database, search) = Open();
        using var _ = database;
        for (var i = 0; i < 20; i++)
            await database.ThreadAsync(1, "x", "the common word");
        var thread = await database.ThreadAsync(1, "x", $"the common words {new string('.', 600)} needle {new string('.', 600)} the common end");
        Assert.Contains("needle", search.Find("the common needle").Items.Single(h => h.Post.Id == thread).Excerpt);
        var often = string.Concat(Enumerable.Repeat("often ", 300));
        await database.ThreadAsync(1, "x", $"{often}once {often}");
        Assert.Contains("once", search.Find("often once").Items.Single().Excerpt, "of two that are as common, the one that the text has less of");
    }

    [TestMethod]
    public async Task Cpp_finds_itself_and_C_finds_all()
    {
        var (database, search) = Open();
        using var _ = database;
        var (c, cpp, sharp) = (await database.ThreadAsync(1, "x", "plain C"), await database.ThreadAsync(1, "x", "modern C++"),
            await database.ThreadAsync(1, "x", "C# on .NET"));
        CollectionAssert.AreEquivalent(new[] { cpp }, Find(search, "C++"));
        CollectionAssert.AreEquivalent(new[] { sharp }, Find(search, "c#,.net"));
        CollectionAssert.AreEquivalent(new[] { c, cpp, sharp }, Find(search, "C"));
        Assert.AreEqual("modern C++", search.Find("C++").Items[0].Excerpt);
        Assert.ThrowsExactly<RefusalException>(() => search.Find("++"));
    }

    [TestMethod]
    public async Task A_search_that_takes_too_long_is_cut_off()
    {
        using var database = ForumDatabase.Open(null);
        for (var i = 0; i < 200; i++)
            await database.ThreadAsync(1, "x", "word");
        var page = new SearchIndex(database, timeLimit: TimeSpan.Zero).Find("word");
        Assert.IsTrue(page.IsPartial);
        Assert.HasCount(20, new SearchIndex(database).Find("word").Items, "and its connection is as good as new");
    }

    [TestMethod]
    public void The_index_of_a_database_of_schema_1_is_made_anew()
    {
        using var folder = new TemporaryFolder();
        const long Head = 1, Reply = 2;
        using (var old = OldSchema.Create(folder["forum.db"], version: 1))
            old.Script("""
                INSERT INTO threads (id, author_id, title, tags, replies, last_number, last_post) VALUES (1, 1, 'Soup', '["food"]', 1, 1, 2);
                INSERT INTO posts (id, thread_id, number, author_id, body, created_at) VALUES (1, 1, 0, 1, 'onions', 0), (2, 1, 1, 1, 'leeks', 0);
                INSERT INTO search (rowid, title, body, meta) VALUES (1, 'soup', 'onions', ''), (2, '', 'leeks', '');
                INSERT INTO tags (id, name, threads) VALUES (1, 'food', 1);
                INSERT INTO thread_tags (tag_id, thread_id, author_id, pinned, last_post) VALUES (1, 1, 1, 0, 2);
                """);
        var told = new List<string>();
        using var opened = ForumDatabase.Open(folder["forum.db"], (_, what) => told.Add(what));
        CollectionAssert.AreEqual(new[] { 2, 3, 4, 5, 6, 7, 8, 9, 10 }.Select(n => $"migrating the database to schema {n}").ToList(), told);
        CollectionAssert.AreEqual(new[] { Head }, Find(new SearchIndex(opened), "onions tag:food"));
        CollectionAssert.AreEqual(new[] { Reply }, Find(new SearchIndex(opened), "leeks author:system"));
        Assert.IsFalse(opened.Read(c => IntegrityCheck.Run(c)).Any(fault => fault.StartsWith("search index", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void The_index_is_walked_from_the_newest_hit_and_nothing_is_sorted()
    {
        using var database = ForumDatabase.Open(null);
        Assert.IsEmpty(new SearchIndex(database).Find("x").Items);
        var plan = Plan(database, "relevance(", "$weights", "$match", "$high", "$low", "$limit");
        Assert.HasCount(1, plan, string.Join('\n', plan));
        StringAssert.StartsWith(plan[0], "SCAN search VIRTUAL TABLE");
    }

    // The plan of the one statement so far that has these words.
    private static List<string> Plan(Database database, string words, params string[] parameters)
    {
        var statement = database.ReaderStatements.Single(s => s.Contains(words, StringComparison.Ordinal));
        return database.Read(c =>
        {
            using var command = c.Sqlite.CreateCommand();
            command.CommandText = $"EXPLAIN QUERY PLAN {statement}";
            foreach (var name in parameters)
                command.Parameters.AddWithValue(name, 9);
            using var reader = command.ExecuteReader();
            var lines = new List<string>();
            while (reader.Read())
                lines.Add(reader.GetString(3));
            return lines;
        });
    }

    [TestMethod]
    public async Task Replies_of_a_deleted_thread_are_left_out_of_an_index_that_is_made_anew()
    {
        var (database, search) = Open();
        using var _ = database;
        var thread = await database.ThreadAsync(1, "x", "word");
        await database.ReplyAsync(1, thread, "word");
        var other = await database.ThreadAsync(1, "x", "word");
        await database.HideAsync(thread);
        await database.WriteAsync(c =>
        {
            c.Execute("INSERT INTO search (search) VALUES ('delete-all')");
            SearchIndex.Fill(c, new ProgressReporter(null));
        });
        Assert.AreEqual(1, database.Read(c => c.Number("SELECT count(*) FROM search")));
        CollectionAssert.AreEqual(new[] { other }, Find(search, "word"));
        Assert.AreEqual("", string.Join('\n', database.Read(c => IntegrityCheck.Run(c)).Where(f => f.StartsWith("search", StringComparison.Ordinal))));
    }
}
