using System.Text;

namespace TinyForum;

/// <summary>Texts that an operator gives by files.</summary>
internal static class OperatorFile
{
    private const int MaxBytes = 256 * 1024;

    /// <summary>The text of a file; <see langword="null"/> if there is none.</summary>
    /// <param name="what">What it is, for the message.</param>
    /// <param name="path">Where it is.</param>
    /// <exception cref="StartException">It can't be read, is too long, or is not UTF-8.</exception>
    public static string? Read(string what, string? path)
    {
        if (path is null)
            return null;
        try
        {
            using var file = File.OpenRead(path);
            return file.Length <= MaxBytes ? Text(file) : throw new StartException($"{what} {path} must be at most {MaxBytes / 1024} KiB");
        }
        catch (DecoderFallbackException e)
        {
            throw new StartException($"{what} {path} must be UTF-8", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new StartException($"{what} {path} can't be read: {e.Message}", e);
        }
    }

    private static string Text(FileStream file)
    {
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes).TrimStart('\uFEFF');
    }
}
