using System.Net;
using System.Text.RegularExpressions;

namespace TinyForum.Tests.Support;

/// <summary>A page as it was answered.</summary>
internal sealed record AnsweredPage(
    FormClient Client, string Path, int Status, string Text, string ContentType, string Policy, TimeSpan? RetryAfter, string Caching);

/// <summary>What a browser without scripts does: follows redirects, keeps cookies, sends forms with what is hidden in them.</summary>
internal sealed partial class FormClient : IDisposable
{
    private readonly HttpClient _http;

    public FormClient(Uri url) => _http = new HttpClient(new HttpClientHandler { CookieContainer = new(), AllowAutoRedirect = false }) { BaseAddress = url };

    /// <summary>The base path of the forum, which all paths begin with.</summary>
    public string BasePath { get; init; } = "";

    /// <summary>What is sent in its place.</summary>
    public string Prefix { get; init; } = "";

    /// <summary>Every address that a page links to, loads or sends a form to.</summary>
    public static IEnumerable<string> AddressesIn(string html) => Address().Matches(html).Select(m => WebUtility.HtmlDecode(m.Groups[1].Value));

    public Task<AnsweredPage> GetAsync(string path, string? languages = null) => SendAsync(HttpMethod.Get, path, null, languages);

    /// <summary>Sends the form of a page with these fields.</summary>
    public async Task<AnsweredPage> SubmitAsync(string path, params (string Name, string Value)[] fields) => await SubmitAsync(await GetAsync(path), fields);

    /// <summary>Sends the form of a page that was answered.</summary>
    public Task<AnsweredPage> SubmitAsync(AnsweredPage page, params (string Name, string Value)[] fields)
    {
        var form = Sheet().Match(page.Text);
        Assert.IsTrue(form.Success, page.Text);
        var hidden = Hidden().Matches(form.Value).Select(h => (h.Groups[1].Value, WebUtility.HtmlDecode(h.Groups[2].Value)));
        return SendAsync(HttpMethod.Post, WebUtility.HtmlDecode(form.Groups[1].Value), [.. hidden, .. fields]);
    }

    /// <summary>Presses a button of a page, which has to be there.</summary>
    public async Task<AnsweredPage> PressAsync(string path, string action)
    {
        var page = await GetAsync(path);
        StringAssert.Contains(WebUtility.HtmlDecode(page.Text), $"<form method=\"post\" action=\"{action}\"");
        return await SendAsync(HttpMethod.Post, action, [], referer: path);
    }

    /// <summary>Sends a form that is on no page.</summary>
    public Task<AnsweredPage> PostAsync(string path, params (string Name, string Value)[] fields) => SendAsync(HttpMethod.Post, path, fields);

    public void Dispose() => _http.Dispose();

    private string Sent(string path)
    {
        StringAssert.StartsWith(path, $"{BasePath}/");
        return Prefix + path[BasePath.Length..];
    }

    [GeneratedRegex("(?:href|src|action)=\"([^\"]*)\"")]
    private static partial Regex Address();

    private async Task<AnsweredPage> SendAsync(
        HttpMethod method, string path, (string Name, string Value)[]? fields, string? languages = null, string? referer = null)
    {
        for (var hops = 0; hops < 5; hops++)
        {
            using var request = new HttpRequestMessage(method, Sent(path.Split('#')[0]));
            request.Headers.Accept.ParseAdd("text/html,application/xhtml+xml,*/*;q=0.8");
            request.Headers.Add("Sec-Fetch-Site", "same-origin");
            if (languages is not null)
                request.Headers.AcceptLanguage.ParseAdd(languages);
            if (referer is not null)
                request.Headers.Referrer = new Uri(_http.BaseAddress!, referer);
            if (fields is not null)
                request.Content = new FormUrlEncodedContent(fields.Select(f => KeyValuePair.Create(f.Name, f.Value)));
            using var answer = await _http.SendAsync(request);
            if (answer.StatusCode != HttpStatusCode.SeeOther)
            {
                return new AnsweredPage(
                    this, path, (int)answer.StatusCode, await answer.Content.ReadAsStringAsync(),
                    answer.Content.Headers.ContentType?.ToString() ?? "",
                    string.Join(' ', answer.Headers.GetValues("Content-Security-Policy")), answer.Headers.RetryAfter?.Delta,
                    answer.Headers.CacheControl?.ToString() ?? "");
            }
            (method, path, fields) = (HttpMethod.Get, answer.Headers.Location!.OriginalString, null);
        }
        throw new InvalidOperationException($"too many redirections: {path}");
    }

    [GeneratedRegex("<form method=\"post\" action=\"([^\"]*)\" class=\"sheet\">.*?</form>", RegexOptions.Singleline)]
    private static partial Regex Sheet();

    [GeneratedRegex("<input type=\"hidden\" name=\"([^\"]*)\" value=\"([^\"]*)\">")]
    private static partial Regex Hidden();
}
