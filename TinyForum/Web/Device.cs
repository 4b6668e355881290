namespace TinyForum.Web;

/// <summary>What a browser says that it is, in few words.</summary>
internal static class Device
{
    // Most say the names of others, too: the first of these that is there is it.
    private static readonly (string Mark, string Name)[] Browsers =
    [
        ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl"),
    ];

    private static readonly (string Mark, string Name)[] Systems =
    [
        ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
    ];

    /// <summary>The browser and the system of a <c>User-Agent</c>; one that has neither, as it is.</summary>
    public static string Of(string userAgent)
    {
        var (browser, system) = (Find(Browsers), Find(Systems));
        return browser is not null && system is not null ? $"{browser} · {system}" : browser ?? system ?? userAgent;

        string? Find((string Mark, string Name)[] names) => names.FirstOrDefault(n => userAgent.Contains(n.Mark, StringComparison.Ordinal)).Name;
    }
}
