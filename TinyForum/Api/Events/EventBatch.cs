using System.Runtime.InteropServices;
using TinyForum.Data;

namespace TinyForum.Api.Events;

/// <summary>What happened at once, rendered once for all who are told the same.</summary>
internal sealed class EventBatch
{
    private const int MaxBytes = 256 * 1024; // what goes to all is rendered once, but waits for each

    private readonly EventTeller _teller;
    private readonly IReadOnlyList<ForumEvent> _events;
    private readonly List<byte[]?> _public = [];
    private readonly byte[] _allPublic;
    private readonly int _publicCount;
    private readonly HashSet<long> _owners;
    private readonly bool _isForModerators;

    public EventBatch(EventTeller teller, IReadOnlyList<ForumEvent> events)
    {
        (_teller, _events) = (teller, events);
        for (var bytes = 0; _public.Count < events.Count && bytes < MaxBytes; bytes += _public[^1]?.Length ?? 0)
        {
            var next = events[_public.Count];
            _public.Add(EventKind.AudienceOf(next.Kind) == Audience.Anyone ? teller.Frame(next, null, seesReports: false) : null);
        }
        _allPublic = [.. _public.SelectMany(frame => frame ?? [])];
        _publicCount = _public.Count(frame => frame is not null);
        _owners = [.. events.Where(e => EventKind.AudienceOf(e.Kind) == Audience.Owner && e.UserId is not null).Select(e => e.UserId!.Value)];
        _isForModerators = events.Any(e => EventKind.AudienceOf(e.Kind) == Audience.Moderators);
    }

    /// <summary>The number of the last event that is in it: there may be more, when they are long.</summary>
    public long Last => _events[_public.Count - 1].Number;

    /// <summary>Offers a stream what is for it.</summary>
    /// <returns>How many events that is.</returns>
    public int Tell(EventStream stream)
    {
        var isAnyone = stream.Caller is not { } caller || !(_owners.Contains(caller.Id) || (_isForModerators && stream.SeesReports));
        var told = isAnyone && stream.Filter.IsNone && stream.After < _events[0].Number ? TellAll(stream) : TellSome(stream, isAnyone);
        stream.After = Math.Max(stream.After, Last);
        return told;
    }

    private int TellAll(EventStream stream)
    {
        if (_allPublic.Length > 0)
            stream.Offer(_allPublic);
        return _publicCount;
    }

    private int TellSome(EventStream stream, bool isAnyone)
    {
        var frames = new List<byte[]>();
        for (var i = 0; i < _public.Count; i++)
        {
            var happened = _events[i];
            if (happened.Number > stream.After && stream.Filter.Wants(happened)
                && (_public[i] ?? (isAnyone ? null : _teller.Frame(happened, stream.Caller, stream.SeesReports))) is { } frame)
                frames.Add(frame);
        }
        if (frames.Count > 0)
            stream.Offer(CollectionsMarshal.AsSpan(frames));
        return frames.Count;
    }
}
