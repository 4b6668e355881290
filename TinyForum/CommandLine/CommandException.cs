namespace TinyForum.CommandLine;

/// <summary>A command can't be carried out: the message is one line for the user who typed it.</summary>
internal sealed class CommandException(string message, Exception? innerException = null) : Exception(message, innerException);
