using System.Collections.Concurrent;
using System.Diagnostics;
using TinyForum.Data;
using TinyForum.Search;
using TinyForum.Storage;

namespace TinyForum.Bench;

/// <summary>
/// Fills a database with threads and replies, straight through SQL in large transactions without flushes. What a thread is made of depends on
/// its number alone, so that an interrupted run goes on where it stopped.
/// </summary>
internal sealed class MillionFill(string path, int threads, int replies)
{
    /// <summary>The accounts 2 to 10,001 write, those of low numbers most.</summary>
    public const int FirstUser = 2, Users = 10_000;

    private const int ThreadsABatch = 2_000, BatchesACommit = 20, LongThreadEvery = 50;

    private static readonly long Epoch = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();
    private const int CommonTags = 500, RareTags = 11, ThreadsOfRareTag = 20; // in a forum of any size

    private static readonly string[] Tags =
        [.. Enumerable.Range(0, CommonTags).Select(i => $"tag-{i}"), .. Enumerable.Range(0, RareTags).Select(i => $"rare-{i}")];

    private readonly int _posts = 1 + replies / threads; // a thread, its head among them
    private long _longThread; // replies in it

    /// <summary>The id of the n-th thread, from 0. The first has every fiftieth reply.</summary>
    public long ThreadId(int n) => 1 + (long)n * _posts;

    public void Run()
    {
        ForumDatabase.Open(path, (_, what) => Console.Error.WriteLine(what)).Dispose();
        using var connection = new Connection(path, readOnly: false, TimeSpan.FromSeconds(5));
        connection.Script("PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = OFF");
        if (connection.Number("SELECT count(*) FROM tags") == 0)
            connection.InTransaction(() => Begin(connection));
        var done = (int)connection.Number("SELECT count(*) FROM threads")!.Value;
        if (done >= threads)
            return;
        _longThread = connection.Number("SELECT max(number) FROM posts WHERE thread_id = 1") ?? 0;
        using var batches = new BlockingCollection<Batch>(2);
        var writing = Task.Factory.StartNew(() => Write(done, batches), default, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var clock = Stopwatch.StartNew();
        for (var first = done; done < threads;)
            connection.InTransaction(() =>
            {
                for (var i = 0; i < BatchesACommit && done < threads; i++, done += ThreadsABatch)
                {
                    Insert(connection, batches.Take());
                    var left = clock.Elapsed * ((double)(threads - done) / (done + ThreadsABatch - first));
                    Console.Error.Write($"\r{Path.GetFileName(path)} [{new string('#', 40 * done / threads),-40}] {done:N0} threads, {left:m\\:ss} left   ");
                }
            });
        writing.GetAwaiter().GetResult();
        connection.InTransaction(() => End(connection));
        connection.Script("PRAGMA wal_checkpoint(TRUNCATE)");
        Console.Error.WriteLine($"\r{Path.GetFileName(path)}: {threads:N0} threads, {replies:N0} replies in {clock.Elapsed:m\\:ss}, "
            + $"{new FileInfo(path).Length / 1e6:N0} MB{new string(' ', 40)}");
    }

    private sealed record Head(long Id, int Author, string Title, int[] TagNumbers)
    {
        public IReadOnlyList<string> Tags { get; } = [.. TagNumbers.Select(n => MillionFill.Tags[n])];

        public int Replies { get; set; }

        public long LastPost { get; set; } = Id;
    }

    private sealed record Post(long Id, long Thread, long Number, int Author, string? Title, string Body, int? LikedBy);

    private sealed record Batch(List<Head> Heads, List<Post> Posts);

    /// <summary>Makes up the texts, beside the thread that stores them.</summary>
    private void Write(int first, BlockingCollection<Batch> batches)
    {
        for (; first < threads; first += ThreadsABatch)
            batches.Add(Write(first));
    }

    private Batch Write(int first)
    {
        var text = new MillionText(first);
        var (heads, posts) = (new List<Head>(), new List<Post>());
        for (var i = 0; i < Math.Min(ThreadsABatch, threads - first) * _posts; i++)
        {
            var id = ThreadId(first) + i;
            var author = FirstUser + text.Zipf(Users);
            int? likedBy = text.Next(10) == 0 ? FirstUser + text.Next(Users) : null;
            if (i % _posts == 0)
            {
                heads.Add(new Head(id, author, text.Title(),
                    id == 1 ? [] : [.. Enumerable.Range(0, text.Next(4)).Select(_ => text.Zipf(CommonTags)).Distinct(), .. Rare(first + i / _posts)]));
                posts.Add(new Post(id, id, 0, author, heads[^1].Title, text.Body(), likedBy));
            }
            else if (heads[^(1 + text.Zipf(Math.Min(heads.Count, 300)))] is { Id: > 1 } head && i % LongThreadEvery > 0)
            {
                (head.Replies, head.LastPost) = (head.Replies + 1, id);
                posts.Add(new Post(id, head.Id, head.Replies, author, null, text.Body(), likedBy));
            }
            else
            {
                posts.Add(new Post(id, 1, ++_longThread, author, null, text.Body(), likedBy));
            }
        }
        return new Batch(heads, posts);
    }

    private IEnumerable<int> Rare(int thread) =>
        thread % Math.Max(1, threads / ThreadsOfRareTag) is > 0 and <= RareTags and var n ? [CommonTags + n - 1] : [];

    private static void Begin(Connection connection)
    {
        for (var i = 0; i < Users; i++)
            connection.Execute("INSERT INTO users (id, username, username_key, created_at) VALUES ($id, $name, $name, $at)",
                ("$id", FirstUser + i), ("$name", $"user{i}"), ("$at", Epoch));
        for (var i = 0; i < Tags.Length; i++)
            connection.Execute("INSERT INTO tags (id, name) VALUES ($id, $name)", ("$id", 1 + i), ("$name", Tags[i]));
    }

    private static void Insert(Connection connection, Batch batch)
    {
        foreach (var head in batch.Heads)
        {
            connection.Execute("""
                INSERT INTO threads (id, author_id, title, tags, replies, last_number, last_post)
                VALUES ($id, $author, $title, $tags, $replies, $replies, $last)
                """, ("$id", head.Id), ("$author", head.Author), ("$title", head.Title),
                ("$tags", head.Tags.Count == 0 ? "[]" : $"[\"{string.Join("\",\"", head.Tags)}\"]"),
                ("$replies", head.Replies), ("$last", head.LastPost));
            foreach (var tag in head.TagNumbers)
                connection.Execute("INSERT INTO thread_tags (tag_id, thread_id, author_id, pinned, last_post) VALUES ($tag, $thread, $author, 0, $last)",
                    ("$tag", 1 + tag), ("$thread", head.Id), ("$author", head.Author), ("$last", head.LastPost));
        }
        foreach (var post in batch.Posts)
        {
            connection.Execute("""
                INSERT INTO posts (id, thread_id, number, author_id, body, created_at, likes)
                VALUES ($id, $thread, $number, $author, $body, $at, $likes)
                """, ("$id", post.Id), ("$thread", post.Thread), ("$number", post.Number), ("$author", post.Author), ("$body", post.Body),
                ("$at", Epoch + 30_000 * post.Id), ("$likes", post.LikedBy is null ? 0 : 1));
            if (post.LikedBy is { } user)
                connection.Execute("INSERT INTO likes (post_id, user_id, created_at) VALUES ($post, $user, $at)",
                    ("$post", post.Id), ("$user", user), ("$at", Epoch + 30_000 * post.Id));
            SearchIndex.Add(connection, post.Id, PostTokens.Of(post.Title, post.Body), post.Author, post.Thread);
        }
    }

    /// <summary>The counts that the forum keeps with every write.</summary>
    private static void End(Connection connection) => connection.Script("""
        UPDATE users   SET posts   = (SELECT count(*) FROM posts WHERE author_id = users.id);
        UPDATE tags    SET threads = (SELECT count(*) FROM thread_tags WHERE tag_id = tags.id);
        UPDATE threads SET (replies, last_number, last_post) = (SELECT count(*) - 1, max(number), max(id) FROM posts WHERE thread_id = threads.id) WHERE id = 1;
        UPDATE users   SET read_up_to = (SELECT max(id) FROM posts) / 2 WHERE id = 2;
        INSERT INTO reading (user_id, thread_id, number)
        SELECT 2, id, last_number FROM threads WHERE id > (SELECT max(id) FROM posts) - 100000 AND id % 7 = 0;
        """);
}
