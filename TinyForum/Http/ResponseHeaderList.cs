using System.Net;

namespace TinyForum.Http;

/// <summary>
/// The headers of an answer as a list, in the place of HttpListener's own collection, whose checks, hashes and copies took a seventh of the time
/// of a page from memory. Values are checked by <see cref="ResponseHeaders.Set"/>. Has what HttpListener uses.
/// </summary>
internal sealed class ResponseHeaderList : WebHeaderCollection
{
    private readonly List<(string Name, string Value)> _headers = new(capacity: 16);

    /// <summary>Whether the listener's <c>Content-Length</c> is left out.</summary>
    public bool HasNoLength { get; set; }

    /// <inheritdoc/>
    public override int Count => _headers.Count;

    /// <inheritdoc/>
    public override string GetKey(int index) => _headers[index].Name;

    /// <inheritdoc/>
    public override string Get(int index) => _headers[index].Value;

    /// <inheritdoc/>
    public override string[] GetValues(int index) => [_headers[index].Value];

    /// <inheritdoc/>
    public override string? Get(string? name) => IndexOf(name) is >= 0 and var index ? _headers[index].Value : null;

    /// <inheritdoc/>
    public override void Add(string name, string? value) => _headers.Add((name, value ?? ""));

    /// <inheritdoc/>
    public override void Set(string name, string? value)
    {
        if (HasNoLength && Is(name, "Content-Length"))
            return;
        if (IndexOf(name) >= 0)
            Remove(name);
        Add(name, value);
    }

    /// <inheritdoc/>
    public override void Remove(string name) => _headers.RemoveAll(h => Is(h.Name, name));

    private static bool Is(string name, string? other) => string.Equals(name, other, StringComparison.OrdinalIgnoreCase);

    private int IndexOf(string? name)
    {
        for (var i = 0; i < _headers.Count; i++)
            if (Is(_headers[i].Name, name))
                return i;
        return -1;
    }
}
