using FsCheck;
using FsCheck.Fluent;
using TinyForum.Data;
using TinyForum.Search;

namespace TinyForum.Tests;

[TestClass]
public sealed class RelevanceTests
{
    private static readonly string[] Words = ["rare", "common", "x", "y", "词"];

    private static readonly Gen<string> Texts = from words in Gen.Elements(Words).ListOf() select string.Join(' ', words);

    private static async Task<double[]> ScoresAsync(string query, double[] weights, params (string Title, string Body)[] posts)
    {
        using var database = ForumDatabase.Open(null);
        Assert.IsTrue(SearchQuery.TryParse(query, out var parsed, out var why), why);
        await database.WriteAsync(c =>
        {
            for (var i = 0; i < posts.Length; i++)
                SearchIndex.Add(c, i + 1, PostTokens.Of(posts[i].Title, posts[i].Body), 1, i + 1);
        });
        var scores = new double[posts.Length];
        database.Read(c => c.All("SELECT rowid, relevance(search, $weights) FROM search WHERE search MATCH $match",
            r => scores[Relevance.Post(r.GetInt64(0)) - 1] = r.GetDouble(1), ("$weights", Relevance.Parameter(weights)), ("$match", parsed.Match())));
        return scores;
    }

    [TestMethod]
    public async Task Rare_frequent_in_the_title_and_short_score_higher()
    {
        double[] weights = [Relevance.Weight(1000, 10), Relevance.Weight(1000, 900)];
        var common = (await ScoresAsync("common", weights[1..], ("", "common b c")))[0];
        var scores = await ScoresAsync("rare", weights[..1], ("", "rare b c"), ("", "rare rare c"), ("rare", "x b c"),
            ("", "rare y y y y y y y y"), ("", "nothing"));
        Assert.IsGreaterThan(common, scores[0]);
        Assert.IsGreaterThan(scores[0], scores[1]);
        Assert.IsGreaterThan(scores[1], scores[2]);
        Assert.IsGreaterThan(scores[3], scores[0]);
        Assert.AreEqual(0, scores[4]);
    }

    [TestMethod]
    public void It_is_BM25_of_how_often_the_terms_stand_there() => Prop.ForAll(
        Texts.ToArbitrary(), Texts.ToArbitrary(), Gen.SubListOf("rare", "词", "\"x y\"", "-\"y rare\"").Where(q => q.Any(t => t[0] != '-')).ToArbitrary(),
        (title, body, query) =>
        {
            var terms = query.Where(t => t[0] != '-').ToList();
            double[] weights = [3, 2, 1];
            var score = ScoresAsync(string.Join(' ', query), weights[..terms.Count], (title, body)).Result[0];

            var counts = terms.Select(t => 3 * Count(title, t.Trim('"')) + Count(body, t.Trim('"'))).ToList();
            if (counts.Contains(0) || (query.Count > terms.Count && Count(title, "y rare") + Count(body, "y rare") > 0))
                Assert.AreEqual(0, score, "not found");
            else
            {
                double tokens = (title + " " + body).Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
                double Expected(double length) => terms.Select((_, i) => weights[i] * counts[i] * 2.2 / (counts[i] + 1.2 * (0.25 + 0.75 * length / 60))).Sum();
                Assert.IsTrue(score >= Expected(tokens * 1.2) && score <= Expected(tokens / 1.2), $"{score} for {Expected(tokens)}");
            }
        }).Holds(50);

    [TestMethod]
    public void A_row_tells_its_post_and_lies_between_the_first_and_the_last() => Prop.ForAll(
        Gen.Choose(1, int.MaxValue).ToArbitrary(), Gen.Choose(0, 100_000).ToArbitrary(), (id, tokens) =>
        {
            var row = Relevance.Row(id, tokens);
            Assert.AreEqual(id, Relevance.Post(row));
            Assert.IsTrue(row >= Relevance.FirstRow(id) && row <= Relevance.LastRow(id));
            Assert.AreEqual(Relevance.FirstRow(id + 1L), Relevance.LastRow(id) + 1);
            Assert.IsGreaterThanOrEqualTo(row, Relevance.Row(id, tokens + 1));
        }).Holds();

    private static int Count(string text, string phrase)
    {
        var (words, of, count) = (text.Split(' '), phrase.Split(' '), 0);
        for (var i = 0; i + of.Length <= words.Length; i++)
            count += words.AsSpan(i, of.Length).SequenceEqual(of) ? 1 : 0;
        return count;
    }
}
