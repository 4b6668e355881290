namespace TinyForum.Storage;

/// <summary>A database, or a copy of one, can't be used: the message is one line for the operator.</summary>
/// <param name="message">What is wrong and, where it helps, what to do about it.</param>
/// <param name="innerException">The cause, if any.</param>
internal sealed class DatabaseException(string message, Exception? innerException = null) : Exception(message, innerException);
