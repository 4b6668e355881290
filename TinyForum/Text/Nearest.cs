namespace TinyForum.Text;

/// <summary>Guesses what a misspelt word was meant to be.</summary>
internal static class Nearest
{
    private const int MaxLength = 64;

    /// <summary>The word that takes the fewest edits (Levenshtein's distance); <see langword="null"/> if more than half of it differs.</summary>
    public static string? Of(string word, IEnumerable<string> words)
    {
        var (nearest, least) = ((string?)null, int.MaxValue);
        foreach (var candidate in words)
        {
            var distance = Distance(word.Length > MaxLength ? word[..MaxLength] : word, candidate);
            if (distance < least && 2 * distance <= candidate.Length)
                (nearest, least) = (candidate, distance);
        }
        return nearest;
    }

    private static int Distance(string from, string to)
    {
        var row = Enumerable.Range(0, to.Length + 1).ToArray(); // of the text so far to each beginning of the other
        for (var i = 1; i <= from.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var replaced = diagonal + (char.ToLowerInvariant(from[i - 1]) == char.ToLowerInvariant(to[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, 1 + Math.Min(row[j], row[j - 1]));
            }
        }
        return row[^1];
    }
}
