using FsCheck.Fluent;
using TinyForum.Text;

namespace TinyForum.Tests;

/// <summary>What changed between two texts.</summary>
[TestClass]
public sealed class TextDifferenceTests
{
    private static string Shown(string before, string after) => string.Concat(new TextDifference().Between(before, after).Select(p => p.Kind switch
    {
        PieceKind.Removed => $"[-{p.Text}]",
        PieceKind.Added => $"[+{p.Text}]",
        _ => p.Text,
    }));

    [TestMethod]
    [DataRow("", "", "")]
    [DataRow("same", "same", "same")]
    [DataRow("", "new", "[+new]")]
    [DataRow("old", "", "[-old]")]
    [DataRow("tea at four", "tea at five", "tea at [-four][+five]")]
    [DataRow("tea at four", "green tea at four", "[+green ]tea at four")]
    [DataRow("a b c d", "a c d e", "a [-b ]c d[+ e]")]
    [DataRow("下午四点喝茶", "下午五点喝茶", "下午[-四][+五]点喝茶")]
    [DataRow("Käse café", "Käse cafés", "Käse [-café][+cafés]")]
    [DataRow("one\n\n- two", "one\n\n- two\n- three", "one\n\n- two[+\n- three]")]
    [DataRow("a\u0301b", "ab", "[-a\u0301b][+ab]")]
    [DataRow("x😀y", "x😁y", "x[-😀][+😁]y")]
    [DataRow("x👍🏽y", "x👍🏿y", "x[-👍🏽][+👍🏿]y")]
    public void Words_are_marked_as_removed_and_added(string before, string after, string shown) => Assert.AreEqual(shown, Shown(before, after));

    [TestMethod]
    public void Both_texts_are_in_the_pieces_whole()
    {
        var texts = Gen.Elements("a", "b", "ab", " ", "\n", ".", "茶", "点", "é", "e\u0301", "😀", "\uD83D", "\uDE00", "0").ArrayOf().Select(string.Concat);
        Prop.ForAll(texts.ToArbitrary(), texts.ToArbitrary(), (before, after) =>
        {
            var pieces = new TextDifference().Between(before, after);
            Assert.AreEqual(before, string.Concat(pieces.Where(p => p.Kind != PieceKind.Added).Select(p => p.Text)));
            Assert.AreEqual(after, string.Concat(pieces.Where(p => p.Kind != PieceKind.Removed).Select(p => p.Text)));
            Assert.IsTrue(pieces.All(p => p.Text.Length > 0));
            Assert.IsTrue(before != after || pieces.All(p => p.Kind == PieceKind.Same));
        }).Holds(cases: 1000);
    }

    [TestMethod]
    public void No_way_is_shorter()
    {
        var texts = Gen.Elements("a", "b", "茶").ArrayOf().Select(words => string.Join(' ', words));
        Prop.ForAll(texts.ToArbitrary(), texts.ToArbitrary(), (before, after) =>
        {
            var changed = new TextDifference().Between(before, after).Where(p => p.Kind != PieceKind.Same).Sum(p => p.Text.Length);
            Assert.AreEqual(before.Length + after.Length - (2 * Common(before, after)), changed); // each word here is a character
        }).Holds(cases: 300, size: 30);

        static int Common(string x, string y)
        {
            var longest = new int[x.Length + 1, y.Length + 1];
            for (var i = 0; i < x.Length; i++)
                for (var j = 0; j < y.Length; j++)
                    longest[i + 1, j + 1] = x[i] == y[j] ? longest[i, j] + 1 : Math.Max(longest[i, j + 1], longest[i + 1, j]);
            return longest[x.Length, y.Length];
        }
    }

    [TestMethod]
    [DataRow("a b ", "b a ", DisplayName = "in another order")]
    [DataRow("a ", "b ", DisplayName = "nothing in common")]
    [DataRow("茶", "茶 ", DisplayName = "a space behind each")]
    [DataRow("a a b ", "a b b ", DisplayName = "much in common")]
    public void Texts_that_differ_in_too_much_are_replaced(string before, string after)
    {
        const int Length = 32_000;
        var (old, now) = (Repeat(before), Repeat(after));
        var pieces = new TextDifference().Between(old, now);
        Assert.IsLessThanOrEqualTo(4, pieces.Count);
        Assert.AreEqual(old, string.Concat(pieces.Where(p => p.Kind != PieceKind.Added).Select(p => p.Text)));

        static string Repeat(string text) => string.Concat(Enumerable.Repeat(text, Length / text.Length));
    }

    [TestMethod]
    public void The_comparisons_of_a_page_share_a_bound()
    {
        var difference = new TextDifference();
        string Numbered(string word) => string.Concat(Enumerable.Range(0, 8_000).Select(i => $"{word}{i} "));
        var (old, now) = (Numbered("a"), Numbered("b"));
        Piece[] change = [new(PieceKind.Removed, "a"), new(PieceKind.Added, "b")];
        Piece[] exact = [.. change, new(PieceKind.Same, " x "), .. change];
        CollectionAssert.AreEqual(exact, difference.Between("a x a", "b x b").ToArray());
        for (var i = 0; i < 1 + (2 * TextDifference.MaxWork / (TextDifference.MaxChanges * TextDifference.MaxChanges)); i++)
            difference.Between(old, now);
        Piece[] replaced = [new(PieceKind.Removed, "a x a"), new(PieceKind.Added, "b x b")];
        CollectionAssert.AreEqual(replaced, difference.Between("a x a", "b x b").ToArray());
    }

    [TestMethod]
    public void A_text_is_compared_without_a_copy_of_each_word()
    {
        var text = string.Concat(Enumerable.Repeat("茶点喝四五", 6_400));
        new TextDifference().Between(text, text + "茶");
        var before = GC.GetAllocatedBytesForCurrentThread();
        new TextDifference().Between(text, text + "茶");
        Assert.IsLessThan(2 << 20, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
