using System.Globalization;
using System.Text.RegularExpressions;

namespace TinyForum.Passwords;

/// <summary>
/// A stored password, <c>$argon2id$v=19$m=19456,t=2,p=1$salt$hash</c>, as the <c>argon2</c> program and others write it too.
/// </summary>
internal sealed partial record PhcString(int MemoryKiB, int Iterations, int Parallelism, byte[] Salt, byte[] Hash)
{
    internal const int MinMemoryKiB = 8; // for each lane
    internal const int MaxMemoryKiB = 1 << 20;
    internal const long MaxWorkKiB = 4L << 20;
    internal const int MaxParallelism = 64;

    /// <summary>What <see cref="Allows"/> says of the memory.</summary>
    public const string CostRule = "must be 8 KiB for each lane to 1 GiB, and 4 GiB over all passes";

    /// <summary>Whether a hash may cost this much: no row of the database may make a login take all memory, or minutes.</summary>
    public static bool Allows(int memoryKiB, int iterations, int parallelism) =>
        parallelism is >= 1 and <= MaxParallelism
        && memoryKiB >= MinMemoryKiB * parallelism && memoryKiB <= MaxMemoryKiB
        && iterations >= 1 && (long)memoryKiB * iterations <= MaxWorkKiB;

    /// <exception cref="FormatException">It is not such a string to the letter, or its cost is absurd. The message quotes none of it.</exception>
    public static PhcString Parse(string text)
    {
        if (Pattern.Match(text) is { Success: true, Groups: var groups })
        {
            var parsed = new PhcString(Number(groups[1]), Number(groups[2]), Number(groups[3]), Base64(groups[4]), Base64(groups[5]));
            // Writing it again finds what the pattern lets through: leading zeros, stray bits at the end of the base64.
            if (Allows(parsed.MemoryKiB, parsed.Iterations, parsed.Parallelism) && parsed.ToString() == text)
                return parsed;
        }
        throw new FormatException("A stored password is not an Argon2id string of sane parameters.");
    }

    /// <summary>The string to store.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"$argon2id$v=19$m={MemoryKiB},t={Iterations},p={Parallelism}${Base64(Salt)}${Base64(Hash)}");

    // Salts of 8 to 64 bytes and hashes of 12 to 64: shorter would be weak, longer is not ours.
    [GeneratedRegex(@"^\$argon2id\$v=19\$m=([0-9]{1,7}),t=([0-9]{1,7}),p=([0-9]{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,86})\z")]
    private static partial Regex Pattern { get; }

    private static int Number(Group digits) => int.Parse(digits.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);

    private static string Base64(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=');

    private static byte[] Base64(Group unpadded) =>
        unpadded.Length % 4 == 1 ? [] : Convert.FromBase64String(unpadded.Value.PadRight((unpadded.Length + 3) / 4 * 4, '='));
}
