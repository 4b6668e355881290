using TinyForum.Web;

namespace TinyForum.Tests.Support;

/// <summary>Every page that there is.</summary>
internal static class EveryPage
{
    /// <summary>The addresses of all pages, about what has that id and who has that name.</summary>
    public static IEnumerable<string> Addresses(long id, string username) => new Site().Endpoints
        .Where(e => e.Pattern.StartsWith("GET ", StringComparison.Ordinal) && e.ContentType == Page.ContentType)
        .Select(e => e.Pattern[4..].Replace("{id}", $"{id}", StringComparison.Ordinal).Replace("{username}", username, StringComparison.Ordinal));

    /// <summary>Asks for each as somebody who logs in, or as a stranger, and returns the answers.</summary>
    public static async Task<List<AnsweredPage>> GetAsync(Uri url, string? login, long id, string username)
    {
        using var client = new FormClient(url);
        if (login is not null)
            await client.SubmitAsync("/login", ("username", login), ("password", "secret"));
        var pages = new List<AnsweredPage>();
        foreach (var address in Addresses(id, username))
        {
            Assert.DoesNotContain("{", address);
            pages.Add(await client.GetAsync(address));
            Assert.IsLessThan(500, pages[^1].Status, address);
        }
        return pages;
    }
}
