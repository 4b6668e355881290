using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace TinyForum.Tests.Support;

/// <summary>What the server let fall: exceptions of tasks that nobody looked at. (An unhandled one ends the test run by itself.)</summary>
[TestClass]
public static partial class Unobserved
{
    private static readonly ConcurrentQueue<Exception> Seen = new();

    [AssemblyInitialize]
    public static void Watch(TestContext _) => TaskScheduler.UnobservedTaskException += (_, e) =>
    {
        var text = e.Exception.ToString();
        if (OfTheServer().IsMatch(text) && !OfHttpListenerAlone().IsMatch(text))
            Seen.Enqueue(e.Exception);
    };

    [AssemblyCleanup]
    public static async Task AssertNoneAsync()
    {
        await Browser.EndAsync();
        Assert.IsEmpty(Exceptions(), string.Join("\n\n", Exceptions()));
    }

    /// <summary>Those of the server so far, of whichever test.</summary>
    public static IReadOnlyCollection<Exception> Exceptions()
    {
        // They are noticed when the task is collected.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Seen;
    }

    // HttpListener answers a malformed request by itself. If it is closed meanwhile, nobody looks at whether that answer could be written.
    // No call of ours is part of it, and nothing is lost.
    [GeneratedRegex(@"at System\.Net\.(HttpConnection\.SendError\(|HttpListenerResponse\.<>c\.<Close>)")]
    private static partial Regex OfHttpListenerAlone();

    [GeneratedRegex(@"at TinyForum\.(?!Tests)|at System\.Net\.Http(Listener|Connection|RequestStream|ResponseStream)")]
    private static partial Regex OfTheServer();
}
